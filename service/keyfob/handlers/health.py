"""The operations for load balancers and orchestrators."""

from keyfob.domain.keyfob import Keyfob
from keyfob.reply import Reply


def get_liveness() -> Reply:
    """Say that the process answers."""
    return Reply(200, {"status": "alive"})


def get_readiness(keyfob: Keyfob) -> Reply:
    """Say that the store answers, and whether rate limits are counted."""
    keyfob.store.ping()
    return Reply(200, {"status": "ready" if keyfob.limiter.check() else "degraded"})
