"""The verdict for people and for machines.

masking     names in the places of key values
curl        an exchange as a command that repeats it
findings    all there is to tell of a run, masked and printable: the one source of what follows
terminal, progress      for somebody at a terminal, and for the log of a CI job
json_report, junit, html        for programs, for CI servers, for reading
har         every exchange, from the recording itself
self_test   which fault was caught by which check
"""
