"""Every beginning is the same: after each start, and after each reset."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from mocks import DESK, FULL, KEYS, TIGHT, VISITOR, Mock, mocking
from processes import Operator, wait_until
from world import code, pointers

from keyfob.mock.memory import MEMORY

START = "2026-03-01T09:30:00Z"
EVERYWHERE = "0.0.0.0"  # noqa: S104  to see the warning
DRAFT = {"name": "made here", "scopes": ["visitors:read"], "siteIds": ["*"]}


def traces(mock: Mock) -> list[Any]:
    """Do a bit of everything, and answer all that could differ from one start to the next."""
    made = mock("POST", "/v1/api-keys", key=FULL, json=DRAFT)
    visitor = mock("POST", "/v1/visitors", json=VISITOR)
    scripted = mock("GET", "/v1/visitors", headers={"Prefer": "code=500"})
    rotated = mock("POST", f"/v1/api-keys/{made.json()['id']}/rotate", key=FULL)
    events = mock("GET", "/v1/audit-events?limit=3", key=FULL)
    listed = mock("GET", "/v1/visitors")
    replies = [made, visitor, scripted, rotated, events, listed]
    return [
        [reply.headers["X-Request-Id"] for reply in replies],
        [made.json()["key"], rotated.json()["key"]],
        [each["id"] for each in [made.json(), visitor.json(), *events.json()["data"]]],
        [each["id"] for each in listed.json()["data"]],
        [each["number"] for each in mock.journal()],
    ]


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mocking(Path(tmp_path_factory.mktemp("restarted"))) as mock:
        yield mock


def test_two_starts_and_a_reset_give_the_same_ids_and_values(
    started: Mock, restarted: Mock
) -> None:
    started.reset()
    first, second = traces(started), traces(restarted)
    restarted.reset()
    third = traces(restarted)

    assert first == second == third


def test_looking_on_changes_no_id_of_what_comes(mock: Mock) -> None:
    undisturbed = [mock("GET", "/v1/visitors").headers["X-Request-Id"] for _ in range(2)]
    mock.reset()
    disturbed: list[str] = []
    for _ in range(2):
        mock("GET", "/", key=None)
        mock.control("GET", "journal")
        disturbed.append(mock("GET", "/v1/visitors").headers["X-Request-Id"])

    assert disturbed == undisturbed


def test_requests_that_make_nothing_change_no_id_of_what_is_made(mock: Mock) -> None:
    undisturbed = mock("POST", "/v1/visitors", json=VISITOR).json()["id"]
    mock.reset()
    for _ in range(3):
        mock("GET", "/healthz", key=None)
        mock("GET", "/v1/visitors", headers={"Prefer": "code=500"})

    assert mock("POST", "/v1/visitors", json=VISITOR).json()["id"] == undisturbed


def test_reset_brings_the_first_state_back(mock: Mock) -> None:
    before = state(mock)
    mock.script({"operationId": "createVisitor", "status": 500, "times": 7})
    mock.advance(7200)
    mock("POST", "/v1/api-keys/key_ReadOnly00000000000001/revoke", key=FULL)
    mock("POST", "/v1/visitors/vis_EvaLindholm00000000001/check-in")
    assert [mock("GET", "/v1/visitors", key=TIGHT).status_code for _ in range(6)][-1] == 429

    mock.reset()

    assert state(mock) == before
    assert mock("GET", "/v1/visitors", key=KEYS["expiring"]).status_code == 200
    assert mock("GET", "/v1/visitors", key=TIGHT).headers["RateLimit"].startswith('"key";r=4;')


def state(mock: Mock) -> dict[str, Any]:
    visitors = mock("GET", "/v1/visitors?limit=100", key=FULL).json()["data"]
    keys = mock("GET", "/v1/api-keys", key=FULL).json()["data"]
    found = {
        "visitors": [(each["id"], each["status"]) for each in visitors],
        "keys": [each["id"] for each in keys],
        "states": [each["status"] for each in keys],
        "advanced": mock.control("GET", "clock")["advancedSeconds"],
        "script": mock.control("GET", "failures"),
        "usage": mock("GET", f"/v1/api-keys/{keys[0]['id']}/usage", key=FULL).json()["recent"],
    }
    mock.control("DELETE", "journal")
    return found


def test_reset_waits_for_what_is_in_flight_and_carries_nothing_into_the_new_world(
    mock: Mock,
) -> None:
    """Others create visitors all the while; those who are there at last came after the reset."""
    stop = threading.Event()

    def create_on_and_on() -> None:
        with httpx.Client(base_url=mock.url, headers={"X-API-Key": FULL}) as client:
            while not stop.is_set():
                assert client.post("/v1/visitors", json=VISITOR).status_code in {201, 429}

    with ThreadPoolExecutor(3) as threads:
        going_on = [threads.submit(create_on_and_on) for _ in range(3)]
        try:
            for _ in range(20):
                mock.reset()
            wait_until(lambda: any(entry["status"] == 201 for entry in mock.journal()))
        finally:
            stop.set()
    for each in going_on:
        each.result()
    created = [entry for entry in mock.journal() if entry["status"] == 201]
    mock.advance(60)
    page = mock("GET", "/v1/visitors?q=Grace+Hopper&limit=100", key=FULL).json()

    assert page["nextCursor"] is None
    assert len(page["data"]) == len(created) > 0


def test_use_before_a_reset_is_not_counted_after_it(mock: Mock) -> None:
    usage = "/v1/api-keys/key_VisitorDesk00000000001/usage"
    for _ in range(5):
        mock("GET", "/v1/visitors")
    mock.reset()
    mock("GET", "/v1/sites")

    wait_until(lambda: bool(mock("GET", usage, key=FULL).json()["recent"]))
    recent = mock("GET", usage, key=FULL).json()["recent"]
    assert [request["operation"] for request in recent] == ["listSites"]


def test_clock_makes_keys_expire_and_windows_pass(mock: Mock) -> None:
    for _ in range(5):
        assert mock("GET", "/v1/visitors", key=TIGHT).status_code == 200
    assert mock("GET", "/v1/visitors", key=TIGHT).status_code == 429

    mock.advance(10)
    assert mock("GET", "/v1/visitors", key=TIGHT).status_code == 200
    assert mock("GET", "/v1/visitors", key=KEYS["expiring"]).status_code == 200
    mock.advance(3600)
    assert code(mock("GET", "/v1/visitors", key=KEYS["expiring"])) == "API_KEY_EXPIRED"
    assert mock.control("GET", "clock")["advancedSeconds"] == 3610


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, ["/advanceSeconds"]),
        ({"advanceSeconds": 0}, ["/advanceSeconds"]),
        ({"advanceSeconds": -5}, ["/advanceSeconds"]),
        ({"advanceSeconds": 1.5}, ["/advanceSeconds"]),
        ({"advanceSeconds": 10**9}, ["/advanceSeconds"]),
        ({"advanceSeconds": 1, "now": "2026"}, ["/now"]),
    ],
)
def test_clock_goes_forward_only_and_not_for_ever(
    mock: Mock, body: dict[str, Any], where: list[str]
) -> None:
    refused = mock("POST", "/_mock/clock", key=None, json=body)

    assert (refused.status_code, pointers(refused)) == (400, where)
    assert mock.control("GET", "clock")["advancedSeconds"] == 0


def test_clock_stops_at_ten_years_in_all(mock: Mock) -> None:
    for _ in range(10):
        mock.advance(365 * 86_400)

    assert mock("POST", "/_mock/clock", json={"advanceSeconds": 86_400 * 20}).status_code == 400
    assert mock("GET", "/v1/visitors").status_code == 200


def test_mock_goes_by_its_options(tmp_path: Path) -> None:
    """Another seed, another start of time, slow; and an environment that names a real server."""
    environment = {
        "DATABASE_URL": "postgresql://somebody@real.example/keys",
        "KEYFOB_PEPPER": "p" * 40,
        "REDIS_URL": "redis://real.example",
        "KEYFOB_LIMITS": "shared",
        "KEYFOB_VALUE_PREFIX": "real",
    }
    options = ("--seed", "2", "--start-time", START, "--latency", "150", "--host", EVERYWHERE)
    with mocking(tmp_path, *options, **environment) as mock:
        reply = mock("GET", "/v1/visitors?limit=1")
        control = mock("GET", "/_mock/clock", key=None)
        made = mock("POST", "/v1/api-keys", key=FULL, json=DRAFT).json()
        (warning,) = mock.server.log(event="mock_in_reach_of_others")
        said = mock.out_file.read_text()

    assert reply.elapsed.total_seconds() >= 0.15
    assert control.elapsed.total_seconds() < 0.15
    assert control.json()["now"].startswith("2026-03-01T09:3")
    assert reply.json()["data"][0]["createdAt"] == "2026-03-01T08:31:00.000Z"
    assert made["key"].startswith("kfbmock_")
    assert warning["host"] == EVERYWHERE
    assert DESK in said
    assert mock.server.process.returncode == 0


def test_nothing_of_the_mock_is_left_after_its_stop(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    folders = {*MEMORY.glob("keyfob-mock-*")}
    with mocking(tmp_path, TMPDIR=str(temporary)) as mock:
        assert mock("GET", "/v1/visitors").status_code == 200

    assert [*temporary.iterdir()] == []
    assert {*MEMORY.glob("keyfob-mock-*")} <= folders
    assert not (tmp_path / "keyfob.db").exists()


def test_what_only_others_need_is_not_imported_to_start_it() -> None:
    """Each costs tens of milliseconds of the second within which the mock is to be there."""
    imports = "import sys, keyfob.mock.running; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", imports], capture_output=True, check=True)
    assert {b"keyfob.mock.stage"} == {b"keyfob.mock.stage", b"redis"} & {*loaded.stdout.split()}


@pytest.mark.parametrize(
    "start", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2200-01-01T00:00:00Z"]
)
def test_start_time_at_which_the_world_has_no_room_is_refused_at_its_option(
    tmp_path: Path, start: str
) -> None:
    refused = Operator(tmp_path).run("mock", "--start-time", start)

    assert refused.code == 2
    assert "'--start-time': must lie in the years 2000 to 2199." in refused.err


def test_fixtures_that_cannot_be_stop_the_start_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "organizations.yaml").write_text("- {id: 5}\n")

    refused = Operator(tmp_path).run("mock", "--fixtures", ".")

    assert refused.code == 2
    assert "keys.yaml cannot be read" in refused.err
