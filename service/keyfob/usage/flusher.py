"""The thread that writes usage down, whatever happens to the store."""

import threading
from collections.abc import Callable

import structlog

from keyfob.errors import Unavailable

INTERVAL_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 4.0

log = structlog.get_logger(__name__)


class Flusher:
    """Calls ``flush`` twice a second and ``tidy`` after it, in a thread of its own.

    In an outage it tries less and less often, and says so once, at the beginning and at the end.

    Attributes:
        outages: how often writing has become impossible since the start.
    """

    def __init__(
        self, flush: Callable[[], None], tidy: Callable[[], object], close: Callable[[], object]
    ) -> None:
        self._flush = flush
        self._tidy = tidy
        self._close = close
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_out = False
        self._was_written = True
        self.outages = 0

    def start(self) -> None:
        """Begin; nothing happens if it has begun already."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="keyfob-usage", daemon=True)
            self._thread.start()

    def stop(self) -> bool:
        """End after a last try, and say whether it succeeded."""
        if self._thread is None:
            return self.try_to_flush()
        self._stopping.set()
        self._thread.join()
        self._thread = None
        return self._was_written

    def try_to_flush(self) -> bool:
        """Flush once and say whether that succeeded; nothing is raised."""
        self._was_written = False
        try:
            self._flush()
        except Unavailable as outage:
            self._note_outage(outage)
        except Exception:
            log.exception("usage_not_written")
        else:
            self._was_written = True
            if self._is_out:
                self._is_out = False
                log.warning("usage_outage_ended")
        return self._was_written

    def _note_outage(self, outage: Unavailable) -> None:
        if not self._is_out:
            self._is_out = True
            self.outages += 1
            log.error("usage_outage_began", reason=str(outage.__cause__ or outage))

    def _run(self) -> None:
        pause = INTERVAL_SECONDS
        try:
            while not self._stopping.wait(pause):
                if self.try_to_flush():
                    pause = INTERVAL_SECONDS
                    self._try_to_tidy()
                else:
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            self.try_to_flush()
        finally:
            self._close()  # the connection, which is this thread's own

    def _try_to_tidy(self) -> None:
        try:
            self._tidy()
        except Unavailable:
            pass  # the next flush finds out
        except Exception:
            log.exception("usage_retention_failed")
