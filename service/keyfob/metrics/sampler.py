"""What limiter and usage know of themselves, looked up once a second: they know of no metrics."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

from prometheus_client import Counter

from keyfob.limits import Limiter
from keyfob.metrics.meters import Meters
from keyfob.usage import Recorder

INTERVAL_SECONDS = 1


@contextmanager
def sampling(meters: Meters | None, limiter: Limiter, usage: Recorder) -> Generator[None]:
    """Look once a second meanwhile, and once more at the end; without meters, never."""
    if meters is None:
        yield
        return
    sampler = Sampler(meters, limiter, usage)
    stopping = threading.Event()

    def look_again_and_again() -> None:
        while not stopping.wait(INTERVAL_SECONDS):
            sampler.try_limiter_again()
            sampler.sample()

    thread = threading.Thread(target=look_again_and_again, name="keyfob-sampler", daemon=True)
    thread.start()
    meters.workers.set(1)
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        sampler.sample()
        meters.workers.set(0)


class Sampler:
    """Brings the meters up to what limiter and usage say."""

    def __init__(self, meters: Meters, limiter: Limiter, usage: Recorder) -> None:
        self._meters = meters
        self._limiter = limiter
        self._usage = usage
        self._limiter_outages = _Climber(meters.limiter_outages)
        self._limiter_passed = _Climber(meters.limiter_passed)
        self._usage_dropped = _Climber(meters.usage_dropped)
        self._usage_outages = _Climber(meters.usage_outages)

    def sample(self) -> None:
        """Look once."""
        self._limiter_outages.climb_to(self._limiter.outages)
        self._limiter_passed.climb_to(self._limiter.passed)
        self._meters.limiter_available.set(self._limiter.available)
        self._usage_dropped.climb_to(self._usage.dropped_details)
        self._usage_outages.climb_to(self._usage.outages)
        self._meters.usage_buffered.set(self._usage.buffered_details)

    def try_limiter_again(self) -> None:
        """Let an outage end in a worker to which no request comes, or its alarm never would."""
        if not self._limiter.available:
            self._limiter.check()


class _Climber:
    """A counter that follows a number which never falls; the counter may have begun above it."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._reached = 0

    def climb_to(self, number: int) -> None:
        self._counter.inc(number - self._reached)
        self._reached = number
