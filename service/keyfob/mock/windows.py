"""Rate limits that can be forgotten."""

from keyfob.limits import Charge, MemoryLimiter
from keyfob.model import Clock, RateLimit


class ForgettableLimiter:
    """Counts as the service does in one process, until it is told to forget."""

    available = True
    outages = 0
    passed = 0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        """Close every window."""
        self._counted = MemoryLimiter(self._clock)

    def charge(self, name: str, limit: RateLimit) -> Charge:
        """Charge once; see ``Limiter``."""
        return self._counted.charge(name, limit)

    def check(self) -> bool:
        """Say yes: memory does not fail."""
        return True

    def close(self) -> None:
        """Do nothing: there is no connection."""
