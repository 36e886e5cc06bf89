"""The contract kit: what it takes to learn whether an implementation keeps its contract.

wire        requests and replies, and the ways to send them
rules       what the contract says: the OpenAPI file, the profile, what holds of every reply
run         one run: what it knows, makes, sees and covers
checks      the sentences of the contract, each a named function, and what runs them
generated   requests and stories that are made up
faults      broken services, which show that the checks can fail
report      the verdict for people and for machines
in_process  this service in this process, as a subject
"""
