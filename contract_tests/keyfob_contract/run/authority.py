"""The keys that were given, whose limit others may have used up."""

from collections.abc import Callable, Sequence

from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.run.api import Api
from keyfob_contract.run.inspector import Inspector
from keyfob_contract.wire.clocks import Clock
from keyfob_contract.wire.message import Request

TOO_MANY_REQUESTS = 429
MOST_SECONDS = 90
"""For how long to wait for the next window; Keyfob's are of a minute, if nobody says otherwise."""


class Exhausted(Exception):
    """A key that was given may not ask for longer than anybody would wait; the message says so."""


class Patience:
    """Waits for windows to end, and says so.

    Args:
        seconds_left: answers how long the run may take; None for as long as it takes.
        notice: is told of each wait before it begins.
    """

    def __init__(
        self, clock: Clock, seconds_left: Callable[[], float | None], notice: Callable[[str], None]
    ) -> None:
        self._clock = clock
        self._seconds_left = seconds_left
        self._notice = notice
        self._is_over = False

    def wait(self, seconds: int, name: str) -> None:
        """Wait for the end of a key's window. Raises Exhausted, and from then on each time."""
        left = self._seconds_left()
        self._is_over |= seconds > MOST_SECONDS or (left is not None and seconds > left)
        if self._is_over:
            raise Exhausted(
                f"the limit of {name} is used up for another {seconds} s: raise its rateLimit"
            )
        self._notice(
            f"The limit of {name} is used up: waiting {seconds} s for the next window."
            " A higher rateLimit of that key spares you that."
        )
        self._clock.wait(seconds)

    def forget_the_budget(self) -> None:
        """Wait from now on even if time is up: what was made has to be removed."""
        self._seconds_left = lambda: None


class Authority(Api):
    """The subject as a key that was given sees it.

    Args:
        name: what people call it.
    """

    def __init__(self, inspector: Inspector, value: str, name: str, patience: Patience) -> None:
        super().__init__(inspector, value)
        self._name = name
        self._patience = patience

    def ask(self, request: Request) -> Exchange:
        """Send a request with the key, again in its next window if need be. Raises Exhausted."""
        waited = 0
        while (exchange := super().ask(request)).status == TOO_MANY_REQUESTS:
            told = exchange.header("retry-after") or ""
            waited += (seconds := max(1, int(told) if told.isdecimal() else 1))
            self._patience.wait(seconds if waited <= MOST_SECONDS else waited, self._name)
        return exchange

    def ask_together(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send requests one by one, for any of them may have to wait. Raises Exhausted."""
        return [self.ask(request) for request in requests]
