"""Requests pass while charges cannot be counted."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from keyfob.limits.charge import Charge, LimiterUnavailable
from keyfob.model import Clock, RateLimit

if TYPE_CHECKING:  # it takes redis to import
    from keyfob.limits.shared import SharedLimiter

BACK_OFF_MS = 1000
_CHECK_NAME = "check"
_CHECK_LIMIT = RateLimit(requests=1_000_000, window_seconds=1)

log = structlog.get_logger(__name__)


class TolerantLimiter:
    """Lets pass what the inner limiter cannot count; says so when that begins and when it ends.

    In an outage one charge in each ``back_off_ms`` tries again, and all others pass at once: a
    frozen server costs one timeout a second, not one per request.
    """

    def __init__(
        self, inner: "SharedLimiter", clock: Clock, back_off_ms: int = BACK_OFF_MS
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._back_off_ms = back_off_ms
        self._outage: _Outage | None = None
        self._lock = threading.Lock()
        self.outages = 0
        self.passed = 0

    @property
    def available(self) -> bool:
        """Whether the last try to count a charge succeeded."""
        return self._outage is None

    def charge(self, name: str, limit: RateLimit) -> Charge:
        """Charge once; uncounted, the answer is that of a charge that opens a window."""
        charge = self._try(name, limit)
        if charge is not None:
            return charge
        with self._lock:
            self.passed += 1
        return Charge(
            allowed=True,
            limit=limit.requests,
            window_seconds=limit.window_seconds,
            remaining=max(0, limit.requests - 1),
            reset_ms=limit.window_seconds * 1000,
        )

    def check(self) -> bool:
        """Try by a real charge, so that an outage also ends where no request comes."""
        return self._try(_CHECK_NAME, _CHECK_LIMIT) is not None

    def close(self) -> None:
        """Close the inner limiter."""
        self._inner.close()

    def _try(self, name: str, limit: RateLimit) -> Charge | None:
        outage = self._outage
        if outage is not None and not self._may_try_again(outage):
            return None
        try:
            charge = self._inner.charge(name, limit)
        except LimiterUnavailable as why:
            self._note_failure(why)
            return None
        if outage is not None:
            self._end(outage)
        return charge

    def _may_try_again(self, outage: "_Outage") -> bool:
        with self._lock:
            now = self._clock()
            if 0 <= now - outage.tried_at < self._back_off_ms:  # below 0: the clock was set back
                return False
            outage.tried_at = now  # the others wait for this try
            return True

    def _note_failure(self, why: LimiterUnavailable) -> None:
        with self._lock:
            now = self._clock()
            if self._outage is not None:
                self._outage.tried_at = now
                return
            self._outage = _Outage(began_at=now, tried_at=now, passed_before=self.passed)
            self.outages += 1
        log.error("limiter_outage_began", reason=str(why))

    def _end(self, outage: "_Outage") -> None:
        with self._lock:
            if self._outage is not outage:
                return
            self._outage = None
            seconds = (self._clock() - outage.began_at) / 1000
            passed = self.passed - outage.passed_before
        log.warning("limiter_outage_ended", seconds=seconds, passed=passed)


@dataclass(slots=True)
class _Outage:
    began_at: int
    tried_at: int
    passed_before: int
