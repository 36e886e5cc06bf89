"""Any documented reply on demand: Prefer, as RFC 7240 spells it and as users of Prism know it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from mocks import DESK, KEYS, TIGHT, VISITOR, Mock
from openapi_schema_validator import OAS30Validator
from world import pointers

from keyfob.spec import load_spec

SPEC: dict[str, Any] = load_spec()
METHODS = ("get", "post", "patch", "delete")
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}


def resolved(entry: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in entry:
        found = SPEC
        for step in entry["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        entry = found
    return entry


def complaints(schema: dict[str, Any], instance: Any) -> list[str]:
    """Hold something against a schema of the spec, by another validator than the service's."""
    rooted = {**schema, "components": SPEC["components"]}
    return [error.message for error in OAS30Validator(rooted).iter_errors(instance)]


def documented(operation: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any], str | None, Any]]:
    """Answer each status, each of its named examples, and the example's body."""
    for status, response in operation["responses"].items():
        reply = resolved(response)
        content = reply.get("content", {}).get("application/json", {})
        for name, example in content.get("examples", {}).items() or [(None, None)]:
            yield int(status), reply, name, example and resolved(example)["value"]


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_documented_reply_of_every_operation_can_be_had_and_obeys_the_spec(
    mock: Mock, operation_id: str
) -> None:
    method, path, operation = OPERATIONS[operation_id]
    target = re.sub(r"\{\w+\}", "any", path)
    request_ids: set[str] = set()
    for status, documented_reply, name, example in documented(operation):
        example_too = f", example={name}" if name else ""
        prefer = f"code={status}{example_too}"
        reply = mock(method, target, key=None, headers={"Prefer": prefer})

        assert reply.status_code == status
        assert reply.headers["Preference-Applied"] == prefer
        assert header_complaints(documented_reply, reply.headers) == []
        request_ids.add(reply.headers["X-Request-Id"])
        if example is None:
            assert reply.content == b""
            continue
        schema = documented_reply["content"]["application/json"]["schema"]
        assert complaints(schema, reply.json()) == []
        assert said(reply.json()) == said(example)
        if status >= 400:
            assert reply.json()["error"]["requestId"] == reply.headers["X-Request-Id"]
    assert len(request_ids) == len([*documented(operation)])


def said(body: Any) -> Any:
    """Answer a body without the one thing that is made anew."""
    error = body.get("error")
    return {k: v for k, v in error.items() if k != "requestId"} if error else body


def header_complaints(reply: dict[str, Any], sent: Any) -> list[str]:
    found: list[str] = []
    for name, entry in reply["headers"].items():
        header = resolved(entry)
        if name not in sent:
            found += [f"{name} is missing"] if header.get("required") else []
            continue
        is_integer = header["schema"].get("type") == "integer"
        value = int(sent[name]) if is_integer else sent[name]
        found += [f"{name}: {each}" for each in complaints(header["schema"], value)]
    return found


def test_location_and_refusal_for_gateways_fit_what_they_stand_beside(mock: Mock) -> None:
    created = mock("POST", "/v1/visitors", headers={"Prefer": "code=201"})
    refused = mock("GET", "/v1/authorize", headers={"Prefer": "code=403"})

    assert created.headers["Location"] == f"/v1/visitors/{created.json()['id']}"
    assert refused.headers["X-Keyfob-Error"] == refused.text
    elsewhere = mock("GET", "/v1/visitors", headers={"Prefer": "code=403"})
    assert "X-Keyfob-Error" not in elsewhere.headers


def test_preferred_reply_changes_charges_and_checks_nothing(mock: Mock) -> None:
    before = mock("GET", "/v1/visitors").headers["RateLimit"]
    preferred = {"Prefer": "code=201"}

    created = mock(
        "POST", "/v1/visitors", key=KEYS["read-only"], json={"odd": 1}, headers=preferred
    )
    after = mock("GET", "/v1/visitors")

    assert created.status_code == 201
    assert mock("GET", f"/v1/visitors/{created.json()['id']}").status_code == 404
    remaining = [
        int(re.findall(r"r=(\d+)", text)[0]) for text in (before, after.headers["RateLimit"])
    ]
    assert remaining[1] == remaining[0] - 1


def test_limit_in_a_preferred_reply_is_that_of_the_key_and_fits_retry_after(mock: Mock) -> None:
    refused = mock("GET", "/v1/visitors", key=TIGHT, headers={"Prefer": "code=429"})

    assert refused.headers["RateLimit-Policy"] == '"key";q=5;w=10'
    assert refused.headers["RateLimit"] == f'"key";r=0;t={refused.headers["Retry-After"]}'


@pytest.mark.parametrize(
    ("prefer", "status", "applied"),
    [
        (["code=404"], 404, "code=404"),
        (["CODE=404"], 404, "code=404"),
        (["code = 404"], 404, "code=404"),
        (['code="404"'], 404, "code=404"),
        (["code=404; why=test, respond-async"], 404, "code=404"),
        (["respond-async, wait=10, code=404"], 404, "code=404"),
        (['return=minimal; note="a, code=500", code=404'], 404, "code=404"),
        (["code=404, code=500"], 404, "code=404"),
        (["code=404", "delay=1"], 404, "code=404, delay=1"),
        ([", ,code=404,"], 404, "code=404"),
        (["example=notFound"], 404, "example=notFound"),
        (["example=revoked"], 401, "example=revoked"),
        (["example=checkedOut, code=200"], 200, "example=checkedOut, code=200"),
        (["delay=1"], 200, "delay=1"),
        (["dynamic=true"], 200, None),
        ([""], 200, None),
    ],
)
def test_preferences_are_read_as_rfc_7240_has_them(
    mock: Mock, prefer: list[str], status: int, applied: str | None
) -> None:
    lines = [("Authorization", f"Bearer {DESK}"), *(("Prefer", line) for line in prefer)]
    visitor = mock("GET", "/v1/visitors?limit=1").json()["data"][0]["id"]

    reply = mock.http.get(f"/v1/visitors/{visitor}", headers=lines)

    assert reply.status_code == status
    assert reply.headers.get("Preference-Applied") == applied


@pytest.mark.parametrize(
    ("prefer", "told"),
    [
        ("code=418", "these are: 200, 400, 401, 403, 413, 415, 429, 500, 503"),
        ("code=abc", "these are: 200, 400, 401"),
        ("code", "these are: 200, 400, 401"),
        ("code=429, example=nonesuch", "it has: rateLimited"),
        ("code=200, example=rateLimited", "it has: lastPage, empty"),
        ("example=nonesuch", "200: lastPage, empty; 400: invalidParameter, malformedJson"),
        ("delay=60001", "0 to 60000 milliseconds"),
        ("delay=-1", "0 to 60000 milliseconds"),
        ('code="429', "no list of preferences"),
        ("=429", "no list of preferences"),
    ],
)
def test_what_there_is_not_is_refused_naming_what_there_is(
    mock: Mock, prefer: str, told: str
) -> None:
    refused = mock("GET", "/v1/visitors", headers={"Prefer": prefer})

    assert refused.status_code == 400
    assert pointers(refused) == ["/header/Prefer"]
    error = refused.json()["error"]
    assert told in error["details"]["fields"][0]["message"]
    assert error["requestId"] == refused.headers["X-Request-Id"]
    assert "Preference-Applied" not in refused.headers


def test_delay_holds_the_reply_back_and_not_the_work(mock: Mock) -> None:
    reply = mock("POST", "/v1/visitors", json=VISITOR, headers={"Prefer": "delay=300"})
    (entry,) = mock.journal()

    assert reply.status_code == 201
    assert reply.elapsed.total_seconds() >= 0.3
    assert reply.json()["createdAt"] < entry["answeredAt"]


def test_head_gets_the_preferred_head_alone(mock: Mock) -> None:
    reply = mock("HEAD", "/v1/visitors", headers={"Prefer": "code=429"})

    assert (reply.status_code, reply.content) == (429, b"")
    assert int(reply.headers["Content-Length"]) > 0


def test_where_there_is_no_operation_there_is_no_preference(mock: Mock) -> None:
    assert mock("GET", "/v1/nonesuch", headers={"Prefer": "code=200"}).status_code == 404
    assert mock("PUT", "/v1/visitors", headers={"Prefer": "code=200"}).status_code == 405
