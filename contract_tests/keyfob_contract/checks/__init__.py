"""The checks, each a named function with the sentence of the contract that it guards.

What was laid down comes first and takes seconds. What is made up comes behind it: stories of keys,
which take half of the time that is left, then requests, which take all of it.
"""

from types import ModuleType

from keyfob_contract.checks import (
    audit,
    conditions,
    credentials,
    escalation,
    examples,
    filters,
    gatekeeping,
    generated,
    immediacy,
    inputs,
    lifecycle,
    limits,
    lists,
    model,
    observation,
    protocol,
    races,
    reception,
    scopes,
    sites,
    tenants,
    texts,
    tracing,
)
from keyfob_contract.checks.registry import Check

_MODULES: tuple[ModuleType, ...] = (
    scopes,
    tenants,
    sites,
    escalation,
    examples,
    inputs,
    texts,
    protocol,
    lists,
    filters,
    conditions,
    limits,
    gatekeeping,
    observation,
    tracing,
    audit,
    races,
    reception,
    lifecycle,
    immediacy,
    credentials,
    model,
    generated,
)

CHECKS: tuple[Check, ...] = tuple(
    each for module in _MODULES for each in vars(module).values() if isinstance(each, Check)
)
