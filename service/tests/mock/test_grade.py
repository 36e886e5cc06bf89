"""The grade, proven on real clients: a careful one passes, and each careless one fails one rule.

They wait by letting the mock's clock go on, so that no test has to wait with them.
"""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
import requests
from mocks import FULL, KEYS, VISITOR, Mock
from processes import Operator
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from keyfob.grading.grade import RULES

OLD_VALUE = "kfbmock_RotatedOldValue0000000000001wldmD"
VISITORS = "/v1/visitors"
ONE = f"{VISITORS}/vis_EvaLindholm00000000001"
DOUBTFUL = range(500, 600)


class CarefulClient:
    """Does as the contract asks: what others do wrong is what they override."""

    agent = "acme-sync/2.1"
    most_attempts = 5

    def __init__(self, mock: Mock, values: Iterator[str]) -> None:
        self.mock = mock
        self.values = values
        self.value = next(values)

    def integrate(self) -> None:
        """Meet everything that an integration meets."""
        self.all_visitors()
        self.mock.script({"status": 429, "retryAfter": 2})
        self.all_visitors()
        self.mock.script({"operationId": "getVisitor", "status": 500, "times": 4})
        self.send("GET", ONE)
        self.mock.script({"operationId": "createVisitor", "drop": True})
        self.create(VISITOR)
        self.mock.script({"operationId": "getVisitor", "status": 503, "retryAfter": 1, "times": 50})
        self.send("GET", ONE)
        self.mock.control("DELETE", "failures")

    def all_visitors(self) -> list[Any]:
        page = self.send("GET", VISITORS).json()
        found = page["data"]
        while page["nextCursor"]:
            page = self.send("GET", VISITORS, params={"cursor": page["nextCursor"]}).json()
            found += page["data"]
        return found

    def create(self, draft: dict[str, str]) -> httpx.Response:
        once = {"Idempotency-Key": str(uuid.uuid4())}
        return self.send("POST", VISITORS, json=draft, headers=once)

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, again if need be, and answer the last reply."""
        attempt = 0
        while True:
            reply = self.try_once(method, path, **request)
            attempt += 1
            if reply is not None and reply.status_code == 401:
                self.value = next(self.values)
                continue
            if reply is not None and reply.status_code not in {429, *DOUBTFUL}:
                return reply
            self.wait(attempt, reply)  # also after the last attempt: others use the key, too
            if reply is not None and attempt == self.most_attempts:
                return reply

    def try_once(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        headers = {"User-Agent": self.agent, **request.pop("headers", {})}
        try:
            return self.mock(method, path, key=self.value, headers=headers, **request)
        except httpx.RemoteProtocolError:
            return None

    def wait(self, attempt: int, reply: httpx.Response | None) -> None:
        asked = 0 if reply is None else int(reply.headers.get("Retry-After", 0))
        self.mock.advance(max(asked, 2**attempt))


class LeaksItsKey(CarefulClient):
    def integrate(self) -> None:
        super().integrate()
        self.send("GET", f"{VISITORS}/{self.value}")


class Hammers(CarefulClient):
    def integrate(self) -> None:
        super().integrate()
        for _ in range(5):
            self.mock("GET", VISITORS, key=KEYS["expired"], headers={"User-Agent": self.agent})


class Hurries(CarefulClient):
    def wait(self, attempt: int, reply: httpx.Response | None) -> None:
        if reply is not None and reply.status_code == 429:
            self.mock.advance(1)
        else:
            super().wait(attempt, reply)


class Drums(CarefulClient):
    def wait(self, attempt: int, reply: httpx.Response | None) -> None:
        super().wait(min(attempt, 1), reply)


class NeverGivesUp(CarefulClient):
    most_attempts = 15

    def wait(self, attempt: int, reply: httpx.Response | None) -> None:
        super().wait(min(attempt, 4), reply)


class ForgetsWhetherItCreated(CarefulClient):
    def create(self, draft: dict[str, str]) -> httpx.Response:
        return self.send("POST", VISITORS, json=draft)


class ReadsOnePage(CarefulClient):
    def all_visitors(self) -> list[Any]:
        return self.send("GET", VISITORS).json()["data"]


class ClingsToItsOldValue(CarefulClient):
    def integrate(self) -> None:
        super().integrate()
        self.mock("GET", VISITORS, key=OLD_VALUE, headers={"User-Agent": self.agent})


class LendsItsKey(CarefulClient):
    def integrate(self) -> None:
        super().integrate()
        self.agent = "colleague/1.0"
        self.all_visitors()


class HoldsTooMuch(CarefulClient):
    def __init__(self, mock: Mock, values: Iterator[str]) -> None:
        super().__init__(mock, iter([*values, FULL]))
        self.value = FULL


class IsNameless(CarefulClient):
    agent = ""


CARELESS = {
    "keeps_key_out_of_urls": LeaksItsKey,
    "stops_on_401": Hammers,
    "keeps_retry_after": Hurries,
    "backs_off": Drums,
    "gives_up": NeverGivesUp,
    "repeats_creations_safely": ForgetsWhetherItCreated,
    "follows_pages": ReadsOnePage,
    "follows_rotation": ClingsToItsOldValue,
    "shares_no_key": LendsItsKey,
    "needs_its_scopes": HoldsTooMuch,
    "names_itself": IsNameless,
}


def verdicts(mock: Mock) -> dict[str, str]:
    return {rule["name"]: rule["verdict"] for rule in mock.control("GET", "grade")["rules"]}


def act(mock: Mock, client: type[CarefulClient]) -> None:
    """Let a client meet everything; it holds a value that was replaced, and can find the new."""
    client(mock, iter([OLD_VALUE, KEYS["rotated"]])).integrate()


def test_careful_client_has_an_occasion_for_every_rule_and_passes_each(mock: Mock) -> None:
    act(mock, CarefulClient)

    assert verdicts(mock) == {rule.name: "passed" for rule in RULES}
    assert mock.control("GET", "grade")["outcome"] == "passed"


@pytest.mark.parametrize(("rule", "client"), CARELESS.items())
def test_careless_client_fails_its_one_rule_and_no_other(
    mock: Mock, rule: str, client: type[CarefulClient]
) -> None:
    act(mock, client)

    found = verdicts(mock)
    assert [name for name, verdict in found.items() if verdict == "fault"] == [rule]
    (told,) = [each for each in mock.control("GET", "grade")["rules"] if each["name"] == rule]
    numbers = {entry["number"] for entry in mock.journal()}
    for evidence in told["evidence"]:
        assert set(evidence["requests"]) <= numbers
        assert evidence["requests"]


def test_every_rule_has_a_client_that_fails_it() -> None:
    assert CARELESS.keys() == {rule.name for rule in RULES}


def test_usual_library_with_its_retries_switched_on_keeps_retry_after(mock: Mock) -> None:
    mock.script({"status": 429, "retryAfter": 1})
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(5, status_forcelist=[429])))
        reply = session.get(f"{mock.url}{ONE}", headers={"X-API-Key": KEYS["visitor-desk"]})

    assert reply.status_code == 200
    assert verdicts(mock)["keeps_retry_after"] == "passed"


def test_usual_library_in_a_bare_loop_gets_a_grade_that_names_its_faults(mock: Mock) -> None:
    mock.script({"status": 429, "times": 3, "retryAfter": 5})
    with requests.Session() as session:
        headers = {"X-API-Key": KEYS["visitor-desk"]}
        while session.get(f"{mock.url}{VISITORS}", headers=headers).status_code == 429:
            pass

    found = {name for name, verdict in verdicts(mock).items() if verdict == "fault"}
    assert found == {"keeps_retry_after", "follows_pages", "needs_its_scopes"}


def run_grade(mock: Mock, *options: str) -> Any:
    return Operator(mock.server.log_file.parent).run("grade", "--url", mock.url, *options)


def test_command_tells_faults_and_advice_to_people_builds_and_programs(mock: Mock) -> None:
    folder = mock.server.log_file.parent
    act(mock, Hurries)

    graded = run_grade(mock, "--json", "grade.json", "--junit", "grade.xml")

    assert graded.code == 1
    assert "FAULT  Waits as long as Retry-After says" in graded.out
    assert "Told to wait 2 s, it came again after 1." in graded.out
    assert "1 rules are broken" in graded.out
    assert "Does it log the requestId" in graded.out
    assert json.loads((folder / "grade.json").read_text()) == mock.control("GET", "grade")
    suite = ET.parse(folder / "grade.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("11", "1", "0")
    (failed,) = suite.findall("testcase[failure]")
    assert failed.get("name") == "keeps_retry_after"


def test_command_ends_in_0_without_a_fault_and_in_2_if_it_cannot_judge(
    mock: Mock, tmp_path: Path
) -> None:
    nothing = run_grade(mock)
    mock("GET", "/v1/api-keys/current", headers={"User-Agent": "acme/1"}, key=KEYS["expired"])
    passed = run_grade(mock)
    nobody = Operator(tmp_path).run("grade", "--url", "http://127.0.0.1:9")
    no_url = Operator(tmp_path).run("grade", "--url", "nonsense")

    assert (nothing.code, passed.code, nobody.code, no_url.code) == (2, 0, 2, 2)
    assert "let your client talk to the mock first" in nothing.out
    assert "there was no occasion" in passed.out
    assert nobody.err.startswith("Error: No mock answers at http://127.0.0.1:9")
    assert no_url.err.startswith("Error: No mock answers at nonsense")


def test_command_tells_a_server_from_a_mock(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with operator.serving() as server:
        told = operator.run("grade", "--url", server.url)

    assert told.code == 2
    assert "is no mock" in told.err


def test_page_shows_the_grade(mock: Mock) -> None:
    assert "Nothing was received yet" in mock("GET", "/", key=None).text
    act(mock, Hurries)
    page = mock("GET", "/", key=None).text

    assert "There are faults" in page
    assert "Told to wait 2 s, it came again after 1." in page
