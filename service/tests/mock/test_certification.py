"""A certification, taken by clients: a careful one passes, careless ones fail for their fault.

Here, too, they wait by advancing the clock, which makes a rehearsal of it; one waits in earnest.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
import requests
import yaml
from integrations import CARELESS, ONE, VISITORS, CarefulClient, Drums
from mocks import DESK, FULL, KEYS, VISITOR, Mock, mocking
from openapi_schema_validator import OAS30Validator
from processes import Finished, Operator, wait_until
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from keyfob.mock.backstage import SPEC

ROUNDS = 12
"""Who has not come to the end by then will not."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    folder = Path(tmp_path_factory.mktemp("certification"))
    settings = {"KEYFOB_LOG_LEVEL": "info"}  # by which the helper learns where it is
    with mocking(folder, "--scenario", "certification", **settings) as mock:
        yield mock


def certification(mock: Mock) -> dict[str, Any]:
    return mock.control("GET", "grade")["certification"]


def values(mock: Mock, first: str = DESK) -> Iterator[str]:
    """Answer a first value, and then what somebody reads to the client from the mock."""
    yield first
    while True:
        yield certification(mock)["newValue"]


def take(mock: Mock, client: CarefulClient) -> dict[str, Any]:
    """Let a client work until it is judged, or will not be any more."""
    if not client.blunders_at_last:
        client.blunder()
    for _ in range(ROUNDS):
        client.work()
        if certification(mock)["current"] == "give_up":
            if client.blunders_at_last:
                client.blunder()
            mock.advance(60)
            break
    return certification(mock)


def states(told: dict[str, Any]) -> dict[str, str]:
    return {exercise["name"]: exercise["state"] for exercise in told["exercises"]}


def faults(mock: Mock) -> list[str]:
    rules = mock.control("GET", "grade")["rules"]
    return [rule["name"] for rule in rules if rule["verdict"] == "fault"]


def test_careful_client_keeps_every_rule_but_was_helped(mock: Mock) -> None:
    told = take(mock, CarefulClient(mock, values(mock)))

    assert states(told) == dict.fromkeys(states(told), "passed")
    assert {rule["verdict"] for rule in mock.control("GET", "grade")["rules"]} == {"passed"}
    assert (told["result"], told["aids"]) == ("rehearsed", ["The clock was advanced."])
    assert told["keyId"] == "key_VisitorDesk00000000001"


@pytest.mark.parametrize(("rule", "client"), CARELESS.items())
def test_careless_client_fails_for_its_one_fault(
    mock: Mock, rule: str, client: type[CarefulClient]
) -> None:
    told = take(mock, client(mock, values(mock)))

    assert told["result"] == "failed"
    assert faults(mock) == [rule]


class GivesUpAtOnce(CarefulClient):
    most_attempts = 1


class WithAUsualLibrary(CarefulClient):
    """Leaves it to requests and urllib3 to wait and to try again, in earnest."""

    def __init__(self, mock: Mock, values: Iterator[str]) -> None:
        super().__init__(mock, values)
        again = Retry(
            3,
            backoff_factor=0.05,
            status_forcelist=[429, 500, 503],
            allowed_methods=None,
            raise_on_status=False,
        )
        self.session = requests.Session()
        self.session.mount("http://", HTTPAdapter(max_retries=again))

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        own = {"User-Agent": self.agent, "X-API-Key": self.value}
        headers = own | request.pop("headers", {})
        url = f"{self.mock.url}{path}"
        reply = self.session.request(method, url, headers=headers, **request)
        if reply.status_code == 401:
            self.value = next(self.values)
            return self.send(method, path, headers=headers | {"X-API-Key": self.value}, **request)
        reply.raise_for_status()
        return httpx.Response(reply.status_code, content=reply.content)


class ReadsEverything(CarefulClient):
    """Creates nothing, for its key lets it read only."""

    def work(self) -> None:
        self.all_visitors()
        for path in ("/v1/sites", "/v1/employees", "/v1/deliveries"):
            self.send("GET", path)


def run_grade(mock: Mock, *options: str) -> Finished:
    return Operator(mock.server.log_file.parent, 60).run("grade", "--url", mock.url, *options)


def test_usual_library_passes_in_earnest_and_gets_its_certificate(mock: Mock) -> None:
    folder = mock.server.log_file.parent
    client = WithAUsualLibrary(mock, values(mock))
    with client.session:
        while certification(mock)["current"] != "give_up":
            with suppress(requests.RequestException):  # a person is told, and begins anew
                client.work()

    graded = run_grade(mock, "--wait", "50", "--json", "certificate.json", "--junit", "c.xml")

    assert graded.code == 0, graded.out
    assert (
        "Certification: PASSED\n  of acme-sync/2.1, with key_VisitorDesk00000000001" in graded.out
    )
    told = json.loads((folder / "certificate.json").read_text())
    assert (told["certification"]["result"], told["certification"]["aids"]) == ("passed", [])
    assert told["certification"]["begunAt"] < told["certification"]["endedAt"]
    suite = ET.parse(folder / "c.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("17", "0", "0")
    assert "Certification: PASSED." in mock.out_file.read_text()


def test_what_was_not_seen_is_not_passed(mock: Mock) -> None:
    told = take(mock, GivesUpAtOnce(mock, values(mock)))

    assert faults(mock) == []
    assert states(told)["back_off"] == "failed"
    assert told["result"] == "failed"
    assert "What was not seen is not passed" in told["next"]


def test_it_is_told_where_a_client_is_and_what_to_do_next(mock: Mock) -> None:
    began = certification(mock)
    mock("GET", f"{VISITORS}?limit=5")
    half = run_grade(mock, "--junit", "half.xml")
    page = mock("GET", "/", key=None).text
    said = mock.out_file.read_text()

    assert (began["result"], began["current"], began["keyId"]) == ("underWay", "read", None)
    assert DESK in began["next"]
    assert half.code == 1
    assert "NOT PASSED YET" in half.out
    assert ">       Read a list to its end" in half.out
    assert "It has read a part of /v1/visitors: the next page is missing." in half.out
    assert '<li aria-current="step">Read a list to its end' in page
    assert "the next page is missing" in page
    assert "Certification, exercise 1 of 6: Read a list to its end." in said
    failed = ET.parse(mock.server.log_file.parent / "half.xml").getroot()
    assert len(failed.findall("testcase[@classname='keyfob.certification']/failure")) == 6


def test_terminal_keeps_up_with_an_exercise_and_says_when_to_start_the_client_again(
    mock: Mock,
) -> None:
    client = CarefulClient(mock, values(mock))
    client.all_visitors()
    said = len(mock.out_file.read_text())
    mock("GET", ONE)

    assert (
        "1 of 2 were met. If it has stopped since, start it again."
        in (mock.out_file.read_text()[said:])
    )


def test_it_is_told_whose_key_is_certified_and_how_to_begin_anew(mock: Mock) -> None:
    asked = certification(mock)["next"]
    mock("GET", f"{VISITORS}?limit=5", key=FULL)
    told = certification(mock)["next"]

    assert "The first key that talks to the mock is the one that is certified." in asked
    assert "key_FullAccess000000000001 came first." in told
    assert f"curl -X POST {mock.url}/_mock/reset" in told


def test_grade_waits_no_longer_than_it_is_told_to(mock: Mock) -> None:
    mock("GET", ONE)

    assert run_grade(mock, "--wait", "0.1").code == 1


def test_certification_is_as_described(mock: Mock) -> None:
    described = yaml.safe_load(SPEC.read_bytes())["components"]
    validator = OAS30Validator({**described["schemas"]["Grade"], "components": described})
    for told in ("untouched", "over"):
        if told == "over":
            take(mock, CarefulClient(mock, values(mock)))
        assert [e.message for e in validator.iter_errors(mock.control("GET", "grade"))] == []


def test_new_value_is_told_only_once_the_old_one_was_refused(mock: Mock) -> None:
    client = CarefulClient(mock, values(mock))
    while certification(mock)["current"] != "renew":
        client.all_visitors()
        client.create(VISITOR)
    assert certification(mock)["newValue"] is None

    refused = mock("GET", ONE)
    value = certification(mock)["newValue"]

    assert refused.status_code == 401
    assert value in certification(mock)["next"]
    assert f"The new value is {value}" in mock.out_file.read_text()
    assert mock("GET", ONE, key=value).status_code == 200
    assert certification(mock)["current"] == "give_up"


def test_key_that_may_only_read_is_spared_from_creating(mock: Mock) -> None:
    told = take(mock, ReadsEverything(mock, values(mock, KEYS["read-only"])))

    assert states(told)["create"] == "skipped"
    assert (told["result"], faults(mock)) == ("rehearsed", [])


@pytest.mark.parametrize(
    ("path", "request_", "aid"),
    [
        ("/_mock/clock", {"json": {"advanceSeconds": 1}}, "The clock was advanced."),
        ("/_mock/failures", {"json": {"status": 500}}, "Failures of another kind were scripted."),
        (ONE, {"headers": {"Prefer": "code=200"}}, "A request chose its reply, with Prefer."),
    ],
)
def test_help_is_noted_from_the_first_request_on(
    mock: Mock, path: str, request_: dict[str, Any], aid: str
) -> None:
    method = "GET" if path == ONE else "POST"
    if path != ONE:
        mock(method, path, **request_)
        assert certification(mock)["aids"] == []
        mock("GET", ONE)
    mock(method, path, **request_)

    assert certification(mock)["aids"] == [aid]


def test_others_neither_meet_the_failures_nor_are_judged(mock: Mock) -> None:
    draft = {"name": "desk", "scopes": ["visitors:read", "visitors:write"], "siteIds": ["*"]}
    made = mock("POST", "/v1/api-keys", key=FULL, json=draft).json()
    CarefulClient(mock, values(mock, made["key"])).all_visitors()
    assert certification(mock)["current"] == "wait"

    for _ in range(3):
        assert mock("GET", "/v1/sites?limit=1", key=FULL, headers={"User-Agent": ""}).is_success

    told = certification(mock)
    assert (told["keyId"], told["otherRequests"]) == (made["id"], 4)
    assert faults(mock) == ["needs_its_scopes"]  # it has created nothing yet
    assert mock("GET", ONE, key=made["key"]).status_code == 429


def test_what_comes_after_the_end_is_not_judged(mock: Mock) -> None:
    ended = take(mock, CarefulClient(mock, values(mock)))
    mock("GET", f"{VISITORS}/{DESK}", headers={"User-Agent": ""})

    assert certification(mock) == ended
    assert faults(mock) == []


def test_reset_begins_the_certification_anew(mock: Mock) -> None:
    take(mock, Drums(mock, values(mock)))
    assert certification(mock)["result"] == "failed"
    said = len(mock.out_file.read_text())

    mock.reset()

    anew = certification(mock)
    assert (anew["result"], anew["current"], anew["aids"]) == ("underWay", "read", [])
    assert "exercise 1 of 6" in mock.out_file.read_text()[said:]
    assert take(mock, CarefulClient(mock, values(mock)))["result"] == "rehearsed"


def test_key_that_dies_of_other_causes_ends_it(mock: Mock) -> None:
    """Somebody revokes it just before the mock would rotate it."""
    client = CarefulClient(mock, values(mock))
    while certification(mock)["current"] != "create":
        client.all_visitors()
    mock("GET", ONE)
    with pytest.raises(httpx.RemoteProtocolError):
        mock("POST", VISITORS, json=VISITOR)
    with ThreadPoolExecutor(1) as threads:
        late = threads.submit(
            mock, "POST", VISITORS, json=VISITOR, headers={"Prefer": "delay=1000"}
        )
        graces = f"{VISITORS}?q={VISITOR['name']}"
        wait_until(lambda: len(mock("GET", graces, key=FULL).json()["data"]) == 2)
        mock("POST", "/v1/api-keys/key_VisitorDesk00000000001/revoke", key=FULL)

    assert late.result().status_code == 201
    told = certification(mock)
    assert (told["result"], states(told)["renew"]) == ("failed", "failed")


def test_nothing_but_what_is_to_be_done_is_said_at_the_terminal(tmp_path: Path) -> None:
    process = Operator(tmp_path).start("mock", "--port", "0", "--scenario", "certification")
    try:
        assert process.stdout
        assert process.stderr
        said = "".join(iter(process.stdout.readline, "\n"))
        told = process.stdout.readline()
        url = re.findall(r"http://[0-9.:]+[0-9]", said)[0]
        assert httpx.get(f"{url}{VISITORS}", headers={"X-API-Key": DESK}).is_success
    finally:
        process.terminate()
    _, logged = process.communicate()
    assert "exercise 1 of 6" in told
    assert logged == ""


def test_there_is_no_certification_in_free_play(tmp_path: Path) -> None:
    with mocking(tmp_path) as mock:
        mock("GET", ONE)
        assert mock.control("GET", "grade")["certification"] is None
        assert "Certification" not in mock("GET", "/", key=None).text
        assert "Certification" not in mock.out_file.read_text()
