"""What was asked of a service, what it answered, and what each key's manager knows of the key.

A key has one manager, who changes it step by step; everybody uses it meanwhile. So its states
follow one another, and only where one ends and the next begins is there a doubt, as long as the
change was on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

ALIVE = "OK"


@dataclass(frozen=True, slots=True)
class State:
    """What a key's values are worth, from a change on.

    Attributes:
        begun: when the change to this state was sent; it was in force at the earliest then.
        sure: when the change was known to be done; from then on no other state was, until the next.
        outcomes: what becomes of each value that the key has ever had.
    """

    begun: float
    sure: float
    outcomes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Use:
    """A request that was judged by a value.

    Attributes:
        outcome: ``OK``, the code of the error, or ``CUT`` if there was no reply.
    """

    key: str
    value: str
    began: float
    ended: float
    outcome: str
    is_proper: bool = True


@dataclass
class KeyHistory:
    """One key: its states in their order."""

    id: str
    name: str
    states: list[State] = field(default_factory=list)
    audited: list[str] = field(default_factory=list)
    revoked: bool = False
    deleted: bool = False


class History:
    """Everything, written down by many threads."""

    def __init__(self) -> None:
        self.keys: dict[str, KeyHistory] = {}
        self.uses: list[Use] = []
        self._lock = Lock()

    def add_key(self, key: KeyHistory) -> None:
        with self._lock:
            self.keys[key.id] = key

    def add_uses(self, uses: Sequence[Use]) -> None:
        with self._lock:
            self.uses += uses
