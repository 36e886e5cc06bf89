"""What the contract says: the OpenAPI file and the profile, read once and compiled.

profile     what the file cannot say: how keys are sent, made and killed, how errors look
spec, schemas       operations, and validators for all that they take and answer
expectation what the contract makes of a request
exchange    a request, that expectation, and the reply
conformance what holds of every reply: one function for each sentence
house_rules what a file of this house must keep
paths       of Keyfob, for what is checked of its own operations
"""
