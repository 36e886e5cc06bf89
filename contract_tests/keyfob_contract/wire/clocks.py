"""The implementation's time, as far as the kit can know it."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

Seen = TypeVar("Seen")

START = 1_772_357_400_000  # 2026-03-01T09:30:00Z


class Clock(Protocol):
    """Tells the time, and lets some pass."""

    def __call__(self) -> int:
        """Answer milliseconds since the epoch."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...


def patiently(
    clock: Clock,
    look: Callable[[], Seen],
    is_done: Callable[[Seen], bool],
    *,
    step_seconds: float,
    most_steps: int,
) -> Seen:
    """Look until it is done, with a step of time in between, and answer what was seen last."""
    for _ in range(most_steps):
        if is_done(seen := look()):
            return seen
        clock.wait(step_seconds)
    return look()


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
