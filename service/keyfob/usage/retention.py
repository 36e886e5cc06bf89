"""Forgetting, by itself, in slices short enough for nobody to wait for them."""

import threading
from collections.abc import Iterator

from keyfob.model import Clock
from keyfob.store.store import Store
from keyfob.store.usage import HOUR_MS
from keyfob.usage.buffer import LATEST_OF_KEY

DAY_MS = 86_400_000
COUNTER_DAYS = 400
PERIOD_MS = HOUR_MS
KEYS_IN_A_SLICE = 100
ROWS_IN_A_SLICE = 500
ERRORS_IN_A_SLICE = 200


class Retention:
    """Forgets what is too old, once an hour and soon after the start, in one of all workers."""

    def __init__(self, store: Store, clock: Clock, trace_days: int) -> None:
        self._store = store
        self._clock = clock
        self._trace_ms = trace_days * DAY_MS
        self._looked_at = 0
        self._slices: Iterator[int] = iter(())
        self._working = threading.Lock()

    def work(self) -> bool:
        """Do one slice of what is due, and say whether there was any. Raises Unavailable."""
        with self._working:
            now = self._clock()
            if not 0 <= now - self._looked_at < PERIOD_MS:  # below 0: the clock was set back
                if self._store.usage.claim_retention(now, PERIOD_MS):
                    self._slices = self._sweep(now)
                self._looked_at = now
            return next(self._slices, None) is not None

    def _sweep(self, now: int) -> Iterator[int]:
        """Delete what is too old, and stop after each slice."""
        yield from self._forget_counters(now - COUNTER_DAYS * DAY_MS)
        yield from self._forget_errors(now - self._trace_ms)

    def _forget_counters(self, before: int) -> Iterator[int]:
        usage = self._store.usage
        key_ids = usage.key_ids("", KEYS_IN_A_SLICE)
        while key_ids:
            deleted = ROWS_IN_A_SLICE
            while deleted == ROWS_IN_A_SLICE:
                deleted = usage.forget_counters(key_ids, before - HOUR_MS, ROWS_IN_A_SLICE)
                yield deleted
            key_ids = usage.key_ids(key_ids[-1], KEYS_IN_A_SLICE)

    def _forget_errors(self, before: int) -> Iterator[int]:
        position: tuple[int, int] | None = (0, 0)
        while position is not None:
            with self._store.transaction():
                position = self._store.requests.forget_old_errors(
                    before, position, most=ERRORS_IN_A_SLICE, latest=LATEST_OF_KEY
                )
            yield ERRORS_IN_A_SLICE
