"""What is held against the contract."""

from dataclasses import dataclass

from keyfob_contract.clocks import Clock
from keyfob_contract.inspector import Api


@dataclass(frozen=True)
class Subject:
    """An implementation, the key that opens it, and its time."""

    admin: Api
    clock: Clock
