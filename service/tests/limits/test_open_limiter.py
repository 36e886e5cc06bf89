"""The settings choose where charges are counted."""

import pytest
from valkey_server import ValkeyServer
from world import SettableClock

from keyfob.limits import (
    Limiter,
    LimitsRefused,
    MemoryLimiter,
    TolerantLimiter,
    open_limiter,
)
from keyfob.model import RateLimit
from keyfob.settings import Settings

NOBODY = "redis://127.0.0.1:1/0"


def opened(**chosen: str) -> Limiter:
    limiter = open_limiter(Settings(**chosen), SettableClock())  # pyright: ignore[reportArgumentType]
    limiter.close()
    return limiter


def test_settings_choose_the_place() -> None:
    assert isinstance(opened(), MemoryLimiter)
    assert isinstance(opened(limits="process"), MemoryLimiter)
    assert isinstance(opened(limits="process", redis_url=NOBODY), MemoryLimiter)
    assert isinstance(opened(redis_url=NOBODY), TolerantLimiter)
    assert isinstance(opened(limits="shared", redis_url=NOBODY), TolerantLimiter)


def test_shared_limits_without_a_place_are_refused_with_the_remedy() -> None:
    with pytest.raises(LimitsRefused, match="needs REDIS_URL"):
        opened(limits="shared")


@pytest.mark.parametrize(
    "tail", [":port/0", ":99999", "/0?socket_timeout=soon", "/0?no_such_option=1"]
)
def test_bad_address_is_refused_at_start_without_its_password(tail: str) -> None:
    with pytest.raises(LimitsRefused) as refusal:
        opened(redis_url=f"redis://:hunter2@127.0.0.1{tail}")

    assert "REDIS_URL" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_server_is_reached_by_tcp_and_by_socket_and_counts_both_together(
    valkey: ValkeyServer, clock: SettableClock
) -> None:
    answers = []
    for url in (valkey.url, valkey.socket_url):
        limiter = open_limiter(Settings(redis_url=url), clock)
        answers.append(limiter.charge("key:key_1", RateLimit(5, 60)).remaining)
        limiter.close()

    assert answers == [4, 3]


def test_memory_is_always_available(memory: MemoryLimiter) -> None:
    assert memory.check()
    assert memory.available
    assert memory.outages == memory.passed == 0
