"""Rate limits: how often a key, or a guesser, may come in each window of time.

charge      one charge and its answer; what every limiter can do
names       under which name somebody is counted
memory      counts in this process, by the application's clock
shared      counts in Redis or Valkey, by that server's clock, for several workers
tolerant    lets requests pass while the shared count cannot be reached

The limits library is not used: its moving window costs more as limits grow, and its memory store
reads the system clock.
"""

from keyfob.limits.charge import Charge, Limiter, LimiterUnavailable
from keyfob.limits.memory import MemoryLimiter
from keyfob.limits.names import guess_name, key_name, network_of, sign_in_name
from keyfob.limits.tolerant import TolerantLimiter
from keyfob.model import Clock
from keyfob.settings import Settings, StartRefused

__all__ = [
    "Charge",
    "Limiter",
    "LimiterUnavailable",
    "LimitsRefused",
    "MemoryLimiter",
    "TolerantLimiter",
    "guess_name",
    "key_name",
    "network_of",
    "open_limiter",
    "sign_in_name",
]


class LimitsRefused(StartRefused):
    """Rate limits cannot be counted where the settings say."""


def open_limiter(settings: Settings, clock: Clock) -> Limiter:
    """Choose by the settings where charges are counted; nobody else has to know.

    A server that is down stops no start: it is an outage like any other.

    Raises:
        LimitsRefused: the settings name no place that could exist.
    """
    where = settings.limits or ("shared" if settings.redis_url else "process")
    if where == "process":
        return MemoryLimiter(clock)
    if settings.redis_url is None:
        raise LimitsRefused("KEYFOB_LIMITS=shared needs REDIS_URL: name a Redis or Valkey there.")
    from keyfob.limits.shared import SharedLimiter  # noqa: PLC0415  it takes redis

    try:
        return TolerantLimiter(SharedLimiter(settings.redis_url), clock)
    except (TypeError, ValueError):  # of redis-py, which may repeat the password
        raise LimitsRefused(
            "REDIS_URL is no address of a Redis or Valkey: mend its port, or its options."
        ) from None
