"""Whatever befalls PostgreSQL, clients get an envelope in bounded time, and then service again."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from postgres_server import ON_POSTGRESQL, PostgresServer
from processes import Operator, Server, wait_until
from world import code

CLIENTS = 24
PATIENCE = {"KEYFOB_STATEMENT_TIMEOUT_MS": "1000", "KEYFOB_CONNECT_TIMEOUT_SECONDS": "2"}


def timed(work: Callable[[], httpx.Response]) -> tuple[float, httpx.Response]:
    began = time.monotonic()
    reply = work()
    return time.monotonic() - began, reply


def demand_unavailable(server: Server, key: str, within_seconds: float) -> None:
    """Ask from many sides at once."""

    def ask(number: int) -> tuple[float, httpx.Response]:
        if number % 2:
            return timed(lambda: server.get("/v1/authorize", key))
        return timed(lambda: server.send("POST", "/v1/sites", key, json={"name": "Lab"}))

    with ThreadPoolExecutor(CLIENTS) as clients:
        for seconds, reply in clients.map(ask, range(CLIENTS)):
            assert (reply.status_code, code(reply)) == (503, "UNAVAILABLE")
            assert int(reply.headers["Retry-After"]) >= 1
            assert reply.json()["error"]["requestId"] == reply.headers["X-Request-Id"]
            assert seconds < within_seconds
    assert server.get("/healthz").status_code == 200
    assert server.get("/readyz").status_code == 503


def test_a_crash_and_a_freeze_are_503_in_bounded_time_and_over_when_the_server_is_back(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    url = own_server.url(own_server.new_database())
    operator = Operator(tmp_path, settings={"DATABASE_URL": url, **ON_POSTGRESQL, **PATIENCE})
    key = operator.organization().key_value

    def works() -> bool:
        return server.get("/v1/authorize", key).is_success

    with operator.serving() as server:
        assert works()
        own_server.freeze()
        # The answer to a statement (2 s), a connection (2 s), and the wait behind those who wait.
        demand_unavailable(server, key, within_seconds=8)
        own_server.thaw()
        wait_until(works)

        own_server.crash()
        demand_unavailable(server, key, within_seconds=3)
        own_server.start()
        wait_until(works)
        assert server.get("/readyz").json() == {"status": "ready"}
        assert server.stop() == 0
    assert operator.run("audit", "verify").code == 0
