"""The promises of the gatekeeper, on a real server under concurrent load."""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest
from processes import Operator, Server

pytestmark = pytest.mark.both_stores

REPETITIONS = int(os.environ.get("PROMISE_REPETITIONS", "10"))
HAMMERS = 6
REQUESTS_AFTERWARDS = 3 * HAMMERS


class Client:
    """One keep-alive connection."""

    def __init__(self, server: Server, key: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.key = key

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Answer status and parsed body."""
        headers = {"X-API-Key": self.key}
        content = None
        if body is not None:
            content = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, content, headers)
        reply = self._connection.getresponse()
        text = reply.read()
        return reply.status, json.loads(text) if text else None

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@pytest.fixture(scope="module")
def operator(new_operator: Callable[[], Operator]) -> Operator:
    return new_operator()


@pytest.fixture(scope="module")
def options(store_kind: str) -> tuple[str, ...]:
    """Several workers, where several can share a store and its limits."""
    return ("--workers", "2") if store_kind == "postgresql" else ()


@pytest.fixture(scope="module")
def admin_key(operator: Operator) -> str:
    return operator.organization().key_value


@pytest.fixture(scope="module")
def server(operator: Operator, admin_key: str, options: tuple[str, ...]) -> Iterator[Server]:
    assert admin_key
    with operator.serving(*options, KEYFOB_GUESSES_PER_MINUTE="1000000") as server:
        yield server


@pytest.fixture
def admin(server: Server, admin_key: str) -> Iterator[Client]:
    """Somebody who manages keys, faster than the usual limit allows."""
    draft = {
        "name": "admin",
        "scopes": ["keys:read", "keys:write", "visitors:read", "visitors:write"],
        "siteIds": ["*"],
        "rateLimit": {"requests": 1_000_000, "windowSeconds": 1},
    }
    with closing(Client(server, admin_key)) as first:
        value = first("POST", "/v1/api-keys", draft)[1]["key"]
    with closing(Client(server, value)) as client:
        yield client


def made(admin: Client, requests: int, window_seconds: int) -> tuple[str, str]:
    """Make a key with a limit; answer its id and its value."""
    limit = {"requests": requests, "windowSeconds": window_seconds}
    draft = {
        "name": "judged",
        "scopes": ["visitors:read", "visitors:write"],
        "siteIds": ["*"],
        "rateLimit": limit,
    }
    status, key = admin("POST", "/v1/api-keys", draft)
    assert status == 201
    return key["id"], key["key"]


def test_of_2000_requests_by_100_threads_exactly_500_pass(server: Server, admin: Client) -> None:
    _, value = made(admin, requests=500, window_seconds=600)

    def twenty(_: int) -> list[int]:
        with closing(Client(server, value)) as client:
            return [client("GET", "/v1/authorize")[0] for _ in range(20)]

    with ThreadPoolExecutor(100) as threads:
        statuses = Counter(status for each in threads.map(twenty, range(100)) for status in each)

    assert statuses == {200: 500, 429: 1500}


@dataclass
class Hammered:
    """Requests that go on and on, each with the time at which it began."""

    path: str
    stop: threading.Event = field(default_factory=threading.Event)
    seen: list[tuple[float, int]] = field(default_factory=list)

    def go_on(self, server: Server, value: str) -> None:
        with closing(Client(server, value)) as client:
            while not self.stop.is_set():
                begun = time.perf_counter()
                self.seen.append((begun, client("GET", self.path)[0]))

    def until_it_fails(self, server: Server, value: str) -> None:
        """Go on until the server is gone."""
        with suppress(OSError, HTTPException):
            self.go_on(server, value)

    def after(self, moment: float) -> list[int]:
        """Answer how requests that began after a moment were judged."""
        return [status for begun, status in list(self.seen) if begun > moment]


@pytest.mark.parametrize(
    ("change", "judged"), [("revoke", 401), ("rotate", 401), ("delete", 401), ("narrow", 403)]
)
def test_no_request_begun_after_the_reply_is_judged_by_the_old_state(
    server: Server, admin: Client, change: str, judged: int
) -> None:
    for _ in range(REPETITIONS):
        key, value = made(admin, requests=1_000_000, window_seconds=1)
        hammered = Hammered("/v1/authorize?scope=visitors:read")
        with ThreadPoolExecutor(HAMMERS) as threads:
            for _ in range(HAMMERS):
                threads.submit(hammered.go_on, server, value)
            try:
                while len(hammered.seen) < HAMMERS:
                    time.sleep(0)
                assert change_key(admin, key, change) in {200, 204}
                replied = time.perf_counter()
                while len(hammered.after(replied)) < REQUESTS_AFTERWARDS:
                    time.sleep(0)
            finally:
                hammered.stop.set()
        assert set(hammered.after(replied)) == {judged}
        assert 200 in {status for _, status in hammered.seen}


def change_key(admin: Client, key: str, change: str) -> int:
    """Change the key, and answer the status of the reply that counts."""
    path = f"/v1/api-keys/{key}"
    if change == "narrow":
        return admin("PATCH", path, {"scopes": ["visitors:write"]})[0]
    if change == "delete":
        admin("POST", f"{path}/revoke")
        return admin("DELETE", path)[0]
    return admin("POST", f"{path}/{change}")[0]


def test_kill_in_mid_load_loses_at_most_the_last_second_of_usage_and_no_audit_event(
    new_operator: Callable[[], Operator], options: tuple[str, ...]
) -> None:
    operator = new_operator()
    operator_key = operator.organization().key_value
    changed: list[str] = []
    with operator.serving(*options) as server, closing(Client(server, operator_key)) as admin:
        key, value = made(admin, requests=1_000_000, window_seconds=1)
        hammered = Hammered("/v1/authorize")
        with ThreadPoolExecutor(HAMMERS) as threads:
            for _ in range(HAMMERS):
                threads.submit(hammered.until_it_fails, server, value)
            for number in range(100):
                body = {"name": f"name {number}"}
                assert admin("PATCH", f"/v1/api-keys/{key}", body)[0] == 200
                changed.append(body["name"])
            server.process.kill()
            server.process.wait()
            killed = time.perf_counter()
    audited = operator.run("audit", "verify")
    with operator.serving() as server, closing(Client(server, operator_key)) as admin:
        events = pages(admin, f"/v1/audit-events?keyId={key}&action=apiKey.updated&limit=100")
        counted = admin("GET", f"/v1/api-keys/{key}/usage")[1]["counters"]

    assert audited.code == 0
    assert [event["after"]["name"] for event in events[::-1]][: len(changed)] == changed
    answered = [begun for begun, status in hammered.seen if status == 200]
    total = sum(counter["requests"] for counter in counted if counter["outcome"] == "OK")
    assert len([begun for begun in answered if begun < killed - 1]) <= total
    assert total <= len(hammered.seen) + HAMMERS


def pages(client: Client, path: str) -> list[dict[str, Any]]:
    """Answer the items of every page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = client("GET", path + cursor)[1]
        items += page["data"]
        if page["nextCursor"] is None:
            return items
        cursor = f"&cursor={page['nextCursor']}"
