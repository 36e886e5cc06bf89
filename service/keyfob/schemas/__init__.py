"""Domain objects to JSON, and bodies to commands.

The spec has judged a body before it comes here: nothing of the spec's constraints is repeated.
"""
