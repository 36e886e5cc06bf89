"""Where the gate notes each request."""

import threading
from collections import deque

import structlog

from keyfob.errors import Unavailable
from keyfob.model import Clock
from keyfob.store.store import Store
from keyfob.usage.buffer import MOST_DETAILS, Buffer
from keyfob.usage.flusher import Flusher
from keyfob.usage.key_use import ScopeOf
from keyfob.usage.record import UsageRecord
from keyfob.usage.retention import Retention
from keyfob.usage.writing import write

MOST_ARRIVED = 5_000
SUMS_IN_A_PORTION = 500
DETAILS_IN_A_PORTION = 250

log = structlog.get_logger(__name__)


class Recorder:
    """Takes records in microseconds and writes them down half a second later.

    A record is put at the end of a queue, and the flusher adds the queue up. Only when that is
    late (the store is slow) does each new record pay for adding up two old ones, so that the queue
    stays short; what is added up takes no more room with more requests.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        scope_of: ScopeOf,
        trace_days: int,
        most_details: int = MOST_DETAILS,
    ) -> None:
        self._store = store
        self._retention = Retention(store, clock, trace_days)
        self._flusher = Flusher(self.flush, self._retention.work, store.database.close)
        self._arrived: deque[UsageRecord] = deque()
        self._new_buffer = lambda: Buffer(scope_of, most_details)
        self._adding_up = threading.Lock()
        self._summed = self._new_buffer()
        self._flushing = threading.Lock()
        self._waiting = self._new_buffer()

    @property
    def dropped_details(self) -> int:
        """How many requests will never be traced, though they are counted; since the start."""
        with self._adding_up:
            return self._waiting.dropped + self._summed.dropped

    @property
    def buffered_details(self) -> int:
        """How many requests wait to be written, about."""
        return len(self._arrived) + len(self._summed.details) + len(self._waiting.details)

    @property
    def outages(self) -> int:
        """How often writing has become impossible since the start."""
        return self._flusher.outages

    def start(self) -> None:
        """Write from now on. Each process starts its own, after it was forked."""
        self._flusher.start()

    def stop(self) -> None:
        """Write what is left, and stop."""
        if not self._flusher.stop():
            lost = sum(use.counts.total() for use in self._waiting.uses.values())
            log.error("usage_lost", requests=lost)

    def record(self, record: UsageRecord) -> None:
        """Note a request: it waits for nobody, and nothing is raised."""
        self._arrived.append(record)
        if len(self._arrived) > MOST_ARRIVED and self._adding_up.acquire(blocking=False):
            try:
                self._add_up(2)
            finally:
                self._adding_up.release()

    def flush(self) -> None:
        """Write everything down, each portion in a transaction of its own.

        What could not be written is kept for the next time: nothing is lost or counted twice.

        Raises:
            Unavailable: the store does not take it.
        """
        with self._flushing:
            with self._adding_up:
                self._add_up(len(self._arrived))
                summed, self._summed = self._summed, self._new_buffer()
                self._waiting.dropped += summed.dropped
            self._waiting.merge(summed)
            while portion := self._waiting.portion(SUMS_IN_A_PORTION, DETAILS_IN_A_PORTION):
                try:
                    write(self._store, portion)
                except Unavailable:
                    raise
                except Exception:
                    # Not the store's fault, then: it will not take these the next time either.
                    self._waiting.drop_details(portion)
                    raise
                self._waiting.forget(portion)

    def retain(self) -> None:
        """Forget all that is too old, if it is time to."""
        while self._retention.work():
            pass

    def _add_up(self, most: int) -> None:
        for _ in range(most):
            try:
                record = self._arrived.popleft()
            except IndexError:
                return
            try:
                self._summed.add(record)
            except Exception:  # in somebody's request, perhaps, who has nothing to do with it
                log.exception("usage_not_counted")
