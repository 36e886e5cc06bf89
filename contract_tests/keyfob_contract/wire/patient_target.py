"""A target whose exchanges come to their end before an interruption is heard."""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.target import Target


class PatientTarget:
    """Ends what is under way first: a reply that is lost may tell of a key that was made.

    Whoever cannot wait for that interrupts a second time.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._is_busy = False
        self._is_interrupted = False

    def interrupt(self, *_: object) -> None:
        """Raise KeyboardInterrupt, now or before the next request; a handler of signals."""
        if not self._is_busy or self._is_interrupted:
            self._is_interrupted = False
            raise KeyboardInterrupt
        self._is_interrupted = True

    def send(self, request: Request) -> Reply:
        """Answer what the target answers. Raises Unreachable, KeyboardInterrupt."""
        with self._busy():
            return self._target.send(request)

    def send_together(self, requests: Sequence[Request]) -> list[Reply]:
        """Send all at once. Raises Unreachable, KeyboardInterrupt."""
        with self._busy():
            return self._target.send_together(requests)

    def settle(self) -> None:
        """Have the target write down at once what it would soon."""
        with self._busy():
            self._target.settle()

    def close(self) -> None:
        """Let go of the target."""
        self._target.close()

    @contextmanager
    def _busy(self) -> Generator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # signals reach the main thread alone
            return
        if self._is_interrupted:
            self._is_interrupted = False
            raise KeyboardInterrupt
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False
