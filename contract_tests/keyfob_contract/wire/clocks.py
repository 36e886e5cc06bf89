"""The implementation's time, as far as the kit can know it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

Seen = TypeVar("Seen")

A_MOMENT = 0.002
"""Seconds, in which the millisecond changes."""

START = 1_772_357_400_000  # 2026-03-01T09:30:00Z


class Clock(Protocol):
    """Tells the time, and lets some pass."""

    def __call__(self) -> int:
        """Answer milliseconds since the epoch."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def at(self, due_ms: int, act: Callable[[], Seen]) -> Callable[[], Seen]:
        """Have something done at a time, as soon as possible if it has passed.

        What is answered waits for it, and answers, or raises, what came of it.
        """
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

    def at(self, due_ms: int, act: Callable[[], Seen]) -> Callable[[], Seen]:
        """Go on to that time and do it."""
        self.now = max(self.now, due_ms)
        seen = act()
        return lambda: seen


class WallClock:
    """The time of this machine; for an implementation elsewhere."""

    def __call__(self) -> int:
        """Answer milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def wait(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)

    def at(self, due_ms: int, act: Callable[[], Seen]) -> Callable[[], Seen]:
        """Have it done by a thread, while others go on."""
        outcome: Future[Seen] = Future()

        def run() -> None:
            try:
                outcome.set_result(act())
            except Exception as error:  # noqa: BLE001  whoever asks for the outcome meets it
                outcome.set_exception(error)

        timer = threading.Timer(max(0, due_ms - self()) / 1000, run)
        timer.daemon = True  # an interrupted run waits for nothing
        timer.start()
        return outcome.result
