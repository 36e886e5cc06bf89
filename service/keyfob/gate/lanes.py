"""Where operations are answered: slow ones must not hold up those that everybody waits for."""

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

INSTANT = frozenset({"getLiveness"})
"""Neither waits nor computes: answered on the event loop whatever the store is."""

DIRECT = frozenset({"authorize", "verifyApiKey"})
"""Asked by other systems before each of their own requests."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """The threads of one process.

    Attributes:
        on_the_loop: operations that take microseconds, less than to hand them to a thread.
        direct_workers: for ``DIRECT`` operations where the store or the limits are a network away.
        workers: for all others.
        pages: for what people look at, whose passwords are slow to compare.
    """

    on_the_loop: frozenset[str]
    direct_workers: Executor
    workers: Executor
    pages: Executor

    def executor(self, operation_id: str) -> Executor | None:
        """Answer whose turn it is; None for the event loop itself."""
        if operation_id in self.on_the_loop:
            return None
        return self.direct_workers if operation_id in DIRECT else self.workers

    def close(self) -> None:
        """Wait for what is at work."""
        self.direct_workers.shutdown()
        self.workers.shutdown()
        self.pages.shutdown()


def open_lanes(*, worker_threads: int, is_embedded: bool) -> Lanes:
    """Make the threads. On an embedded store a look-up is done sooner than a thread wakes up."""
    return Lanes(
        on_the_loop=INSTANT | DIRECT if is_embedded else INSTANT,
        direct_workers=ThreadPoolExecutor(worker_threads, thread_name_prefix="keyfob-direct"),
        workers=ThreadPoolExecutor(worker_threads, thread_name_prefix="keyfob-worker"),
        pages=ThreadPoolExecutor(worker_threads, thread_name_prefix="keyfob-pages"),
    )
