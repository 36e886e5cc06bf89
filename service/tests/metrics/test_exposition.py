"""What Prometheus learns of a real server: everything that happened, and only numbers."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from processes import DEADLINE_SECONDS, Operator, Server, wait_until
from scraping import METRICS_ADDRESS, Scrape, scrape
from valkey_server import ValkeyServer
from world import code

from keyfob.gate.envelope import REFUSALS
from keyfob.gate.judge import OK
from keyfob.spec import load_spec

Grown = Callable[..., float]


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return Operator(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def key(shared: Operator) -> str:
    return shared.organization().key_value


@pytest.fixture(scope="module")
def server(shared: Operator, key: str) -> Iterator[Server]:
    assert key
    with shared.serving(KEYFOB_METRICS_ADDRESS=METRICS_ADDRESS) as server:
        yield server


@pytest.fixture
def grown(server: Server) -> Grown:
    """Answers by how much a series has grown since the test began."""
    before = scrape(server)
    return lambda name, **labels: scrape(server)(name, **labels) - before(name, **labels)


def send_raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


def create_key(server: Server, key: str, **members: Any) -> tuple[str, str]:
    """Create a key and answer its id and value."""
    body = {"name": "a", "scopes": ["visitors:read"], "siteIds": ["*"], **members}
    made = server.send("POST", "/v1/api-keys", key, json=body).json()
    return made["id"], made["key"]


def test_each_request_is_counted_once_with_operation_status_and_code(
    server: Server, key: str, grown: Grown
) -> None:
    for _ in range(3):
        server.get("/v1/sites", key)
    server.send("HEAD", "/v1/sites", key)
    server.get("/v1/sites?limit=none", key)
    server.get("/v1/sites")
    server.send("DELETE", "/v1/sites", key)
    server.get("/no/such/path")
    send_raw(server, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n")

    def requests(**labels: str) -> float:
        return grown("keyfob_requests_total", **labels)

    assert requests() == 9
    assert requests(operation="listSites") == 6
    assert requests(operation="listSites", status="200", code="OK") == 4
    assert requests(operation="listSites", status="400", code="VALIDATION_FAILED") == 1
    assert requests(operation="listSites", status="401", code="API_KEY_MISSING") == 1
    assert requests(operation="", status="405", code="METHOD_NOT_ALLOWED") == 1
    assert requests(operation="", status="404", code="NOT_FOUND") == 1
    assert requests(operation="", status="400", code="VALIDATION_FAILED") == 1
    assert grown("keyfob_request_duration_seconds_count", operation="listSites") == 6
    assert 0 < grown("keyfob_request_duration_seconds_sum", operation="listSites") < 6


def test_verdicts_on_keys_are_counted_whoever_asked_for_them(
    server: Server, key: str, grown: Grown
) -> None:
    revoked_id, revoked = create_key(server, key)
    server.send("POST", f"/v1/api-keys/{revoked_id}/revoke", key)
    for value in (key, key, revoked, "kfb_mistyped", None):
        server.get("/v1/authorize", value)
    server.get("/v1/authorize?scope=visitors:write", create_key(server, key)[1])
    for value in (key, revoked, "kfb_mistyped"):
        server.send("POST", "/v1/api-keys/verify", key, json={"key": value})
    refused = server.send("POST", "/v1/api-keys/verify", revoked, json={"key": key})

    def verdicts(**labels: str) -> float:
        return grown("keyfob_authorizations_total", **labels)

    assert code(refused) == "API_KEY_REVOKED"  # to who asked, so there was no verdict
    assert verdicts(operation="authorize") == 6
    assert verdicts(operation="authorize", outcome="OK") == 2
    assert verdicts(operation="authorize", outcome="API_KEY_REVOKED") == 1
    assert verdicts(operation="authorize", outcome="API_KEY_INVALID") == 1
    assert verdicts(operation="authorize", outcome="API_KEY_MISSING") == 1
    assert verdicts(operation="authorize", outcome="SCOPE_INSUFFICIENT") == 1
    assert verdicts(operation="verifyApiKey") == 3
    assert verdicts(operation="verifyApiKey", outcome="OK") == 1
    assert verdicts(operation="verifyApiKey", outcome="API_KEY_REVOKED") == 1
    assert verdicts(operation="verifyApiKey", outcome="API_KEY_INVALID") == 1


def test_reads_and_changes_of_the_store_are_timed(server: Server, key: str, grown: Grown) -> None:
    for _ in range(5):
        server.get("/v1/authorize", key)
    server.send("POST", "/v1/sites", key, json={"name": "HQ"})

    assert grown("keyfob_store_seconds_count", statement="read") >= 6
    for statement in ("begin", "write", "commit"):
        assert grown("keyfob_store_seconds_count", statement=statement) >= 1
        assert grown("keyfob_store_seconds_sum", statement=statement) > 0


def test_nothing_that_clients_send_makes_a_series_or_shows_a_value(
    server: Server, key: str
) -> None:
    secret = key.removeprefix("kfb_")

    def send_nonsense(number: int) -> None:
        for method in ("GET", "PURGE", "PROPFIND"):
            server.send(method, f"/{number}/{key}", key)
            server.send(method, f"/v1/sites/{number}", key)
        server.get(f"/v1/authorize?scope={number}", key)
        server.get(f"/v1/authorize?{key}={number}", key, headers={"User-Agent": f"{key}/{number}"})
        server.get("/v1/authorize", f"kfb_{number}", headers={"traceparent": str(number)})
        server.send("POST", "/v1/api-keys/verify", key, json={"key": str(number)})
        send_raw(server, b"M%d / HTTP/1.1\r\nHost: a\r\n\r\n" % number)

    send_nonsense(0)
    first = scrape(server)
    for number in range(1, 10):
        send_nonsense(number)
    last = scrape(server)

    assert last("keyfob_requests_total") - first("keyfob_requests_total") == 9 * 11
    assert len(last.samples) == len(first.samples)
    assert secret[:10] not in last.text
    demand_known_labels(last)


def demand_known_labels(scraped: Scrape) -> None:
    paths: dict[str, dict[str, Any]] = load_spec()["paths"]
    operations = {each["operationId"] for item in paths.values() for each in item.values()}
    codes = {OK, *(word.code for word in REFUSALS)}
    statuses = {"200", "201", "204", *(str(told.status) for told in REFUSALS.values())}
    known = {"operation": {"", *operations}, "code": codes, "outcome": codes, "status": statuses}
    for sample in scraped:
        for name, value in sample.labels.items():
            assert name in {"le", "statement"} or value in known[name], sample


def test_metrics_are_served_at_their_own_address_alone(server: Server, key: str) -> None:
    url = server.line(event="serving_metrics")["url"]
    at_the_api = server.get("/metrics", key)
    beside_them = httpx.get(url.removesuffix("/metrics") + "/v1/sites", headers={"X-API-Key": key})
    posted = httpx.post(url)

    assert (at_the_api.status_code, code(at_the_api)) == (404, "NOT_FOUND")
    assert (beside_them.status_code, posted.status_code) == (404, 405)


def test_usage_that_cannot_be_written_down_shows(operator: Operator) -> None:
    made = operator.organization().key_value
    away = operator.folder / "away.db"
    with operator.serving(KEYFOB_METRICS_ADDRESS=METRICS_ADDRESS) as server:
        assert scrape(server)("keyfob_usage_outages_total") == 0
        operator.database.rename(away)
        assert server.get("/v1/authorize", made).status_code == 503
        wait_until(lambda: scrape(server)("keyfob_usage_outages_total") == 1)
        assert scrape(server)("keyfob_usage_buffered") == 1

        away.rename(operator.database)
        wait_until(lambda: scrape(server)("keyfob_usage_buffered") == 0)
        assert scrape(server)("keyfob_usage_outages_total") == 1


def test_outage_of_the_limiter_shows_from_its_beginning_to_its_end_without_requests(
    operator: Operator, tmp_path: Path
) -> None:
    made = operator.organization().key_value
    valkey = ValkeyServer(tmp_path)
    settings = {"KEYFOB_METRICS_ADDRESS": METRICS_ADDRESS, "REDIS_URL": valkey.url}
    try:
        valkey.start()
        with operator.serving(**settings) as server:
            server.get("/v1/authorize", made)
            wait_until(lambda: scrape(server)("keyfob_limiter_available") == 1)
            assert scrape(server)("keyfob_limiter_outages_total") == 0

            valkey.kill()
            for _ in range(7):
                assert server.get("/v1/authorize", made).status_code == 200
            wait_until(lambda: scrape(server)("keyfob_limiter_passed_total") == 7)
            assert scrape(server)("keyfob_limiter_outages_total") == 1
            assert scrape(server)("keyfob_limiter_available") == 0

            valkey.start()
            wait_until(lambda: scrape(server)("keyfob_limiter_available") == 1)
            assert scrape(server)("keyfob_limiter_outages_total") == 1
    finally:
        valkey.close()


def test_address_in_use_stops_the_start_with_a_sentence(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        refused = operator.run("serve", "--port", "0", KEYFOB_METRICS_ADDRESS=address)

    assert (refused.code, refused.out) == (2, "")
    assert "is in use by another program" in refused.err
    assert "KEYFOB_METRICS_ADDRESS" in refused.err
    assert "Traceback" not in refused.err
    assert not operator.database.exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_refused_start_leaves_no_page_and_no_folder_behind(
    operator: Operator, workers: str
) -> None:
    folder = operator.folder / "temporary"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = operator.run(
            "serve",
            f"--port={taken.getsockname()[1]}",
            f"--workers={workers}",
            KEYFOB_METRICS_ADDRESS=METRICS_ADDRESS,
            KEYFOB_LIMITS="process",
            TMPDIR=str(folder),
        )

    assert refused.code == 2
    assert "--host and --port" in refused.err
    assert list(folder.iterdir()) == []
