"""The contract kit: what it takes to learn whether an implementation keeps openapi.yaml.

target, clocks, subject: what is held against the contract, over HTTP or in this process
spec, schemas, expectation: what the contract says of a request
conformance: what it says of every reply, whatever was asked
inspector: every exchange of a run, inspected
credentials, population: the keys that a run makes: its own, dead ones, ones to play with
generation, trial, ledger: generated requests, their repetition with dead keys, the sum
lifecycle: the state table of a key, as a model
house_rules: what openapi.yaml itself must keep
"""
