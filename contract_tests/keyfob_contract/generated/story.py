"""One life of several keys: what is told of it, and what went wrong."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from keyfob_contract.generated.lifecycle import Outcome
from keyfob_contract.rules.exchange import Complaint, Exchange, spelt
from keyfob_contract.run.api import Api
from keyfob_contract.wire.message import Request
from keyfob_contract.wire.target import Unreachable


class Broken(Exception):
    """What was answered is not what the state table says."""


class Enough(BaseException):
    """Time is up, or nobody answers. No error, so that Hypothesis lets it pass, and stops."""


@dataclass(frozen=True)
class Caller:
    """Somebody with a key that holds every scope.

    Attributes:
        site_ids: the sites of the key; ``*`` stands for all.
    """

    name: str
    organization: str
    api: Api
    key_id: str
    site_ids: frozenset[str]


class Stories:
    """Listens to life after life, and keeps the shortest story that ended badly.

    A story is made of deeds, and of looks at what came of them, each of which has a name.

    Args:
        ends_at: when to stop, by this machine's monotonic clock; None for never.
        patience: for how many lives, and seconds, to look for a shorter story after a first one.
        is_thorough: whether to look at everything, too, where only one look went wrong.
    """

    def __init__(
        self, ends_at: float | None, patience: tuple[int, float], *, is_thorough: bool = False
    ) -> None:
        self._ends_at = ends_at
        self._patience = patience
        self._most_lives: int | None = None
        self._is_thorough = is_thorough
        self._told: list[tuple[str | None, Exchange]] = []
        self._ended_badly = False
        self._sought: str | None = None
        self.worst: Complaint | None = None
        self.unreachable: Unreachable | None = None
        self.lives = 0
        self.steps = 0

    def begin(self) -> None:
        """Listen to another life."""
        self._told.clear()
        self._ended_badly = False
        self.lives += 1

    @property
    def is_over(self) -> bool:
        """Whether time is up."""
        if self._most_lives is not None and self.lives > self._most_lives:
            return True
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    @property
    def is_going_well(self) -> bool:
        """Whether it is worth while to listen on."""
        return not (self._ended_badly or self.is_over)

    def seeks(self, look: str) -> bool:
        """Say whether this is the look that went wrong, for which a shorter story is sought."""
        return not self._is_thorough and self._sought == look

    def wants(self, look: str) -> bool:
        """Say whether to look: once a story has ended badly, only as it did, to save time."""
        return self.worst is None or self._is_thorough or self._sought == look

    def ask(self, api: Api, request: Request, look: str | None) -> Exchange:
        """Send a request and remember the exchange. Without the name of a look it is a deed."""
        if self.is_over:
            raise Enough
        try:
            exchange = api.ask(request)
        except Unreachable as error:
            self.unreachable = error
            raise Enough from error
        self._told.append((look, exchange))
        return exchange

    def demand(self, exchange: Exchange, outcome: Outcome) -> None:
        """Demand that an exchange ended as the table says. Raises Broken."""
        if exchange.answer != outcome:
            got, wanted = exchange.answered, spelt(outcome)
            what = f"{exchange.request.method} {exchange.request.path}"
            self.fail(exchange, f"{what} was answered {got}, and the state table says {wanted}")

    def fail(self, exchange: Exchange, text: str) -> NoReturn:
        """End the story badly. Raises Broken."""
        self.tell_of(exchange, text)
        raise Broken(text)

    def tell_of(self, exchange: Exchange, text: str) -> None:
        """Keep the story, if none that is shorter ended badly."""
        self._ended_badly = True
        if self.worst is None:
            self._sought = self._told[-1][0] if self._told else None
            lives, seconds = self._patience
            self._most_lives = self.lives + lives
            latest = time.monotonic() + seconds
            self._ends_at = min(latest, self._ends_at or latest)
        evidence = tuple(self._leading_to(exchange))
        if self.worst is None or len(evidence) <= len(self.worst.evidence):
            self.worst = Complaint(text, evidence)

    @property
    def last(self) -> Exchange | None:
        """The last exchange."""
        return self._told[-1][1] if self._told else None

    def _leading_to(self, last: Exchange) -> Sequence[Exchange]:
        """Answer all deeds and, of what was only looked at, the last time that it was right.

        Everything is looked at after every step. What was right each time is no part of the story,
        but that the same question was answered before may be: some caches are filled by it.
        """
        same = [
            exchange for look, exchange in self._told if look and exchange.request == last.request
        ]
        return [e for look, e in self._told if look is None or e in same[-2:]]
