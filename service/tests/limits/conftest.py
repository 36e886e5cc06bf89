"""Both limiters, each with the passing of its time: the clock of the tests, or Valkey's own."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from processes import wait_until
from valkey_server import ValkeyServer
from world import SettableClock

from keyfob.limits import Limiter, MemoryLimiter, TolerantLimiter
from keyfob.limits.shared import NAMESPACE, SharedLimiter

LetPass = Callable[[str, int], None]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[ValkeyServer]:
    server = ValkeyServer(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def shared(valkey: ValkeyServer) -> Iterator[SharedLimiter]:
    """Counts in Valkey, with a timeout that a busy machine does not reach."""
    limiter = SharedLimiter(valkey.url, timeout_seconds=5)
    yield limiter
    limiter.close()


@pytest.fixture
def memory(clock: SettableClock) -> MemoryLimiter:
    return MemoryLimiter(clock)


@pytest.fixture
def tolerant(valkey: ValkeyServer, clock: SettableClock) -> Iterator[TolerantLimiter]:
    """Counts in Valkey with the timeout of earnest; its back-off is by the clock of the tests."""
    limiter = TolerantLimiter(SharedLimiter(valkey.url), clock)
    yield limiter
    limiter.close()


@pytest.fixture(params=["memory", "shared"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def limiter(backend: str, request: pytest.FixtureRequest) -> Limiter:
    """Either limiter: what holds for one holds for the other."""
    return request.getfixturevalue(backend)


@pytest.fixture
def let_pass(backend: str, request: pytest.FixtureRequest) -> LetPass:
    """Lets the open window of a name pass, of which so many milliseconds were left."""
    if backend == "memory":
        clock: SettableClock = request.getfixturevalue("clock")
        return lambda _name, reset_ms: clock.advance(seconds=reset_ms / 1000)
    return partial(_wait_for_the_end, request.getfixturevalue("valkey"))


def _wait_for_the_end(valkey: ValkeyServer, name: str, _reset_ms: int) -> None:
    wait_until(lambda: valkey.pttl(NAMESPACE + name) <= 0)
