"""From what somebody asks for to a verdict: what the command line and pytest share.

order       what is asked for
subject, contract_file, choice      what that means: the implementation, its contract, the checks
interruption    Ctrl-C, and how it is heard
judging     all of that together
"""
