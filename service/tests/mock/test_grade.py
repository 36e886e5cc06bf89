"""The grade, proven on real clients: a careful one passes, and each careless one fails one rule."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from integrations import CARELESS, ONE, VISITORS, CarefulClient, Hurries
from mocks import KEYS, Mock
from processes import Operator
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from keyfob.grading.grade import RULES

OLD_VALUE = "kfbmock_RotatedOldValue0000000000001wldmD"


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
    assert "1 rule is broken, in 18 requests." in graded.out
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


def test_command_does_not_wait_for_a_certification_that_there_is_not(mock: Mock) -> None:
    mock("GET", ONE, headers={"User-Agent": "acme/1"})

    told = run_grade(mock, "--wait", "60")

    assert told.code == 2
    assert "There is nothing to wait for" in told.err


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
