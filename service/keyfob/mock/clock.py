"""A clock that can be advanced."""

import time

from keyfob.domain.opening import system_clock


class MockClock:
    """Goes on by itself, from now or from a given start, and further when it is advanced."""

    def __init__(self, start: int | None = None) -> None:
        self._start = start
        self.restart()

    def __call__(self) -> int:
        """Answer the time, in milliseconds since the epoch."""
        elapsed_ms = (time.monotonic_ns() - self._begun_ns) // 1_000_000
        return self._begun + elapsed_ms + self.advanced_seconds * 1000

    def advance(self, seconds: int) -> None:
        """Let time pass."""
        self.advanced_seconds += seconds

    def restart(self) -> None:
        """Begin anew: now, or at the given start again."""
        self._begun = system_clock() if self._start is None else self._start
        self._begun_ns = time.monotonic_ns()
        self.advanced_seconds = 0
