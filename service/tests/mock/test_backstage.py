"""The mock's own operations are as strict as the API, and described; its page stands by itself."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from mocks import DESK, FULL, KEYS, Mock
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate
from processes import Operator
from world import code, without_request_id

from keyfob.mock.backstage import SPEC

README = Path(__file__).parents[3] / "README.md"
DESCRIBED: dict[str, Any] = yaml.safe_load(SPEC.read_bytes())
REPLIES = [
    (method, path, request)
    for method, path, request in [
        ("POST", "/_mock/reset", {}),
        ("POST", "/_mock/reset", {"json": {}}),
        ("GET", "/_mock/clock", {}),
        ("POST", "/_mock/clock", {"json": {"advanceSeconds": 5}}),
        ("GET", "/_mock/failures", {}),
        ("POST", "/_mock/failures", {"json": {"status": 429}}),
        ("POST", "/_mock/failures", {"json": [{"drop": True}, {"delayMs": 5}]}),
        ("DELETE", "/_mock/failures", {}),
        ("GET", "/_mock/journal", {}),
        ("GET", "/_mock/grade", {}),
        ("DELETE", "/_mock/journal", {}),
        ("POST", "/_mock/clock", {}),
        ("POST", "/_mock/clock", {"json": {"advanceSeconds": "5"}}),
        ("POST", "/_mock/clock", {"content": b"{"}),
        ("POST", "/_mock/clock", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
        ("POST", "/_mock/failures", {"content": b"x" * 70_000}),
        ("GET", "/_mock/clock?x=1", {}),
        ("POST", "/_mock/reset", {"json": {"x": 1}}),
    ]
]


def test_description_is_valid_openapi_and_is_served(mock: Mock) -> None:
    served = mock("GET", "/_mock/openapi.yaml", key=None)

    validate(DESCRIBED)
    assert yaml.safe_load(served.content) == DESCRIBED
    assert served.headers["Content-Type"].startswith("application/yaml")


@pytest.mark.parametrize(("method", "path", "request_"), REPLIES)
def test_replies_are_as_described(
    mock: Mock, method: str, path: str, request_: dict[str, Any]
) -> None:
    headers = {"Content-Type": "application/json", **request_.get("headers", {})}
    mock("GET", "/v1/visitors")
    reply = mock(method, path, key=None, **{**request_, "headers": headers})

    operation = DESCRIBED["paths"][path.partition("?")[0]][method.lower()]
    response = resolved(operation["responses"][str(reply.status_code)])
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Request-Id"].startswith("req_")
    if "content" in response:
        schema = response["content"]["application/json"]["schema"]
        errors = OAS30Validator({**schema, "components": DESCRIBED["components"]}).iter_errors(
            reply.json()
        )
        assert [error.message for error in errors] == []
    else:
        assert reply.content == b""


def resolved(entry: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in entry:
        found = DESCRIBED
        for step in entry["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        entry = found
    return entry


def test_every_described_operation_is_tried_above() -> None:
    tried = {(method.lower(), path) for method, path, _ in REPLIES}

    assert tried >= {(method, path) for path, item in DESCRIBED["paths"].items() for method in item}


@pytest.mark.parametrize("path", ["/_mock", "/_mock/", "/_mock/nonesuch", "/_mock/reset/x"])
def test_unknown_paths_are_404_in_the_envelope(mock: Mock, path: str) -> None:
    reply = mock("GET", path, key=None)

    assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/_mock/reset", "POST"),
        ("PUT", "/_mock/clock", "GET, HEAD, POST"),
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/_mock/openapi.yaml", "GET, HEAD"),
    ],
)
def test_wrong_methods_are_405_and_told_the_right_ones(
    mock: Mock, method: str, path: str, allow: str
) -> None:
    reply = mock(method, path, key=None)

    assert (reply.status_code, code(reply)) == (405, "METHOD_NOT_ALLOWED")
    assert reply.headers["Allow"] == allow


def test_page_shows_every_key_with_what_it_is_for_and_lines_that_can_be_pasted(
    mock: Mock,
) -> None:
    page = unescape(mock("GET", "/", key=None).text)

    assert all(value in page for value in KEYS.values())
    assert f'curl -H "Authorization: Bearer {DESK}" {mock.url}/v1/visitors' in page
    lines = re.findall(r"<pre>(curl .*?)</pre>", page, re.DOTALL)
    operator = Operator(mock.server.log_file.parent)
    outcomes = [operator.shell(f"{line} -s -f -o /dev/null").code for line in lines]
    assert outcomes == [0, 22, 0, 0, 0, 0]  # the second is the 429 that it asks for
    assert mock.control("GET", "clock")["advancedSeconds"] == 0  # the last line begins anew


def test_page_is_whole_by_itself_and_its_policy_lets_nothing_else_in(mock: Mock) -> None:
    reply = mock("GET", "/", key=None)
    policy = reply.headers["Content-Security-Policy"]

    assert re.findall(r'(?:src|href)="(?!data:,|/_mock/openapi.yaml)', reply.text) == []
    assert policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", reply.text, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_page_shows_the_journal_newest_first_and_escapes_what_came_from_outside(
    mock: Mock,
) -> None:
    mock("GET", "/v1/visitors", headers={"User-Agent": "<script>alert(1)</script>"})
    mock("GET", "/v1/visitors?<b>=1", headers={"User-Agent": "second/1"})
    page = mock("GET", "/", key=None).text
    journal = page.partition('id="journal"')[2]

    assert "<script>alert" not in page
    assert "<b>" not in page
    assert 0 < journal.index("second/1") < journal.index("&lt;script&gt;alert")


@pytest.mark.parametrize("host", ['"><script>', "two words.example", "x" * 300])
def test_odd_host_does_not_reach_the_page(mock: Mock, host: str) -> None:
    page = mock("GET", "/", key=None, headers={"Host": host}).text

    assert host not in page


def test_changes_of_the_mock_leave_a_line_in_its_log_and_looking_on_does_not(mock: Mock) -> None:
    changed = mock("POST", "/_mock/clock", key=None, json={"advanceSeconds": 5})
    looked = mock("GET", "/_mock/clock", key=None)
    asked = mock("GET", "/v1/employees", key=FULL)

    line = mock.server.line(request_id=changed.headers["X-Request-Id"])
    assert (line["event"], line["status"], line["path"]) == ("request", 200, "/_mock/clock")
    asked_id = asked.headers["X-Request-Id"]
    assert mock.server.line(request_id=asked_id, operation="listEmployees")["status"] == 200
    assert mock.server.log(request_id=looked.headers["X-Request-Id"]) == []


def test_service_has_nothing_of_the_mock(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    value = operator.organization().key_value
    with operator.serving() as server:
        nowhere = without_request_id(server.get("/v1/nonesuch", value))
        for path in ("/", "/_mock", *DESCRIBED["paths"], "/_mock/openapi.yaml"):
            for method in ("GET", "POST", "DELETE"):
                reply = server.send(method, path, value)
                assert (reply.status_code, without_request_id(reply)) == (404, nowhere)
        preferring = server.get("/v1/visitors", value, headers={"Prefer": "code=429, delay=1"})

    assert preferring.status_code == 200
    assert "Preference-Applied" not in preferring.headers
