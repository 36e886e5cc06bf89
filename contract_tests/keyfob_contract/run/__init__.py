"""One run against one implementation.

vault       every key value that the run knows, and in which state it is
journal     every exchange, counted and held against what holds of every reply
inspector, api      the way to the implementation, and what the holder of one key sees of it
keyring, resources, samples     keys, things and requests to try it with
kit         all of that, for a check to work with
results, matrix, runner     the verdicts, what they cover, and how they come about
"""
