"""Charges counted in Redis or Valkey, for all workers that share it."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from keyfob.limits.charge import Charge, LimiterUnavailable
from keyfob.model import RateLimit

NAMESPACE = "keyfob:limit:"
TIMEOUT_SECONDS = 0.25
MOST_CONNECTIONS = 128
"""More than a worker has threads: a thread that waited in vain for another's connection would take
that for an outage."""

# A window is a hash that expires when the window has passed: the server's clock is the only one,
# and nothing is left behind.
_CHARGE = """
local reset_ms = redis.call('PTTL', KEYS[1])
if reset_ms <= 0 then
  reset_ms = ARGV[2] * 1000
  redis.call('HSET', KEYS[1], 'limit', ARGV[1], 'seconds', ARGV[2], 'left', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], reset_ms)
end
local window = redis.call('HMGET', KEYS[1], 'limit', 'seconds', 'left')
local limit, seconds, left = tonumber(window[1]), tonumber(window[2]), tonumber(window[3])
if reset_ms > seconds * 1000 then -- the clock was set back: it must not hold the window open
  reset_ms = seconds * 1000
  redis.call('PEXPIRE', KEYS[1], reset_ms)
end
if left <= 0 then
  return {0, limit, seconds, 0, reset_ms}
end
return {1, limit, seconds, redis.call('HINCRBY', KEYS[1], 'left', -1), reset_ms}
"""


class SharedLimiter:
    """Counts by the clock of the server at ``url``, in one atomic call for each charge.

    Nothing is tried twice: a charge whose answer was lost may have been counted.

    Raises:
        TypeError, ValueError: the URL, or an option in it, is none.
    """

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            socket_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # connects without a greeting, also to servers before Redis 6
        )
        self._pool.connection_class(**self._pool.connection_kwargs)  # refuses bad options now
        self._charge = redis.Redis(connection_pool=self._pool).register_script(_CHARGE)

    def charge(self, name: str, limit: RateLimit) -> Charge:
        """Charge once; see ``Limiter``.

        Raises:
            LimiterUnavailable: the server cannot be reached in time, refuses, or answers nonsense.
        """
        try:
            answer = self._charge([NAMESPACE + name], [limit.requests, limit.window_seconds])
            allowed, requests, window_seconds, remaining, reset_ms = map(int, answer)
        except (redis.RedisError, OSError, TypeError, ValueError) as error:
            raise LimiterUnavailable(f"{type(error).__name__}: {error}") from error
        return Charge(allowed == 1, requests, window_seconds, remaining, reset_ms)

    def close(self) -> None:
        """Close every connection."""
        self._pool.disconnect()
