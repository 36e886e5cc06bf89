"""Charges counted in this process."""

import threading
from heapq import heappop, heappush

from keyfob.limits.charge import Charge
from keyfob.limits.names import GUESS
from keyfob.model import Clock, RateLimit

MOST_GUESSERS = 100_000  # some 35 MB
_OTHER_GUESSERS = f"{GUESS}*"


class MemoryLimiter:
    """Counts by the given clock, for all threads of this process.

    Every charge forgets up to two windows that have passed and opens at most one, so that what is
    held follows what is open. Keys cannot be invented, but addresses can: from ``most_guessers``
    open windows on, guesses from further addresses share one window. A flood of addresses so
    bounds itself; meanwhile an honest stranger's mistyped value may be answered 429 for 401.
    """

    available = True
    outages = 0
    passed = 0

    def __init__(self, clock: Clock, most_guessers: int = MOST_GUESSERS) -> None:
        self._clock = clock
        self._most_guessers = most_guessers
        self._guessers = 0
        self._windows: dict[str, _Window] = {}
        self._ends: list[tuple[int, str]] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many windows are held."""
        return len(self._windows)

    def charge(self, name: str, limit: RateLimit) -> Charge:
        """Charge once; see ``Limiter``."""
        with self._lock:
            now = self._clock()
            if self._ends and self._ends[0][0] <= now:
                self._forget_two(now)
            window = self._windows.get(name)
            if window is None and self._is_one_guesser_too_many(name):
                name = _OTHER_GUESSERS
                window = self._windows.get(name)
            if window is None or window.ends <= now:
                window = self._open(name, limit, now)
            return window.charge(now)

    def check(self) -> bool:
        """Say yes: memory does not fail."""
        return True

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _is_one_guesser_too_many(self, name: str) -> bool:
        return self._guessers >= self._most_guessers and name.startswith(GUESS)

    def _open(self, name: str, limit: RateLimit, now: int) -> "_Window":
        if name not in self._windows:
            self._guessers += name.startswith(GUESS)
        window = self._windows[name] = _Window(limit, now)
        heappush(self._ends, (window.ends, name))
        return window

    def _forget_two(self, now: int) -> None:
        for _ in range(2):
            if not self._ends or self._ends[0][0] > now:
                return
            _, name = heappop(self._ends)
            window = self._windows.get(name)
            if window is not None and window.ends <= now:  # else it was opened again since
                del self._windows[name]
                self._guessers -= name.startswith(GUESS)


class _Window:
    """An open window, with the limit that it was opened with."""

    __slots__ = ("ends", "left", "limit")

    def __init__(self, limit: RateLimit, now: int) -> None:
        self.limit = limit
        self.left = limit.requests
        self.ends = now + limit.window_seconds * 1000

    def charge(self, now: int) -> Charge:
        limit = self.limit
        reset_ms = self.ends - now
        if reset_ms > limit.window_seconds * 1000:
            # The clock was set back. It must not hold the window open for as long.
            reset_ms = limit.window_seconds * 1000
            self.ends = now + reset_ms
        allowed = self.left > 0
        if allowed:
            self.left -= 1
        return Charge(allowed, limit.requests, limit.window_seconds, self.left, reset_ms)
