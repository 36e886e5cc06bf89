"""Services that are broken on purpose: they show that the checks can fail.

A fault is a patch of a few lines on the real service. Each names the check that is there for it.

fault, bending      what a fault is, and how it changes the service, or replies on their way out
trial, self_test    one fault held against the checks; all of them
all others          the faults
"""

from types import ModuleType

from keyfob_contract.faults import (
    changes,
    conditions,
    credentials,
    dead_keys,
    envelope,
    escalation,
    examples,
    gatekeeping,
    generated,
    immediacy,
    inputs,
    lifecycle,
    limits,
    lists,
    observation,
    parsing,
    protocol,
    races,
    reception,
    replies,
    scopes,
    sites,
    tenants,
    texts,
    tracing,
    trail,
)
from keyfob_contract.faults.fault import Fault

_MODULES: tuple[ModuleType, ...] = (
    credentials,
    dead_keys,
    scopes,
    tenants,
    sites,
    escalation,
    examples,
    lifecycle,
    immediacy,
    changes,
    replies,
    envelope,
    tracing,
    inputs,
    texts,
    parsing,
    protocol,
    lists,
    limits,
    conditions,
    gatekeeping,
    observation,
    trail,
    reception,
    races,
    generated,
)

FAULTS: tuple[Fault, ...] = tuple(
    each for module in _MODULES for each in vars(module).values() if isinstance(each, Fault)
)
