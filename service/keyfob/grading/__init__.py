"""Judging a client by what it sent: rules over the entries of a journal, and nothing else.

entry       a request, and what became of it
rule        what a rule is, and what it finds
attempts    requests that are repeated because they failed
credentials, retries, manners       the rules, one function for each
grade       all of them together, and the questions that no server can answer
course, certification       exercises for every rule, and a client's way through them
"""
