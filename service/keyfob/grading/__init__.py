"""Judging a client by what it sent: rules over the entries of a journal, and nothing else."""
