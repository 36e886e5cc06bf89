"""The implementation's time, as far as the kit can know it."""

import time
from typing import Protocol

START = 1_772_357_400_000  # 2026-03-01T09:30:00Z


class Clock(Protocol):
    """Tells the time, and lets some pass."""

    def __call__(self) -> int:
        """Answer milliseconds since the epoch."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...


class SteppingClock:
    """Stands still until it is told to go on; for an implementation that takes a clock."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        """Answer milliseconds since the epoch."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Go on."""
        self.now += round(seconds * 1000)


class WallClock:
    """The time of this machine; for an implementation elsewhere."""

    def __call__(self) -> int:
        """Answer milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def wait(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)
