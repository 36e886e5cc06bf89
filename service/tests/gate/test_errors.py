"""The one shape of error, whatever went wrong and wherever."""

import json
import re
from collections.abc import Callable
from typing import Any

import flask
import httpx
import pytest
from world import Api, Organization, code, pointers

from keyfob import errors
from keyfob.gate.envelope import REFUSALS

REQUEST_ID = re.compile(r"req_[0-9A-Za-z]{22}")
JSON = {"content-type": "application/json"}


def assert_envelope(reply: httpx.Response) -> None:
    """Assert that an error has the one shape, and nothing of the inside."""
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    body = reply.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details", "requestId"}
    assert isinstance(body["error"]["details"], dict)
    assert body["error"]["requestId"] == reply.headers["x-request-id"]
    assert REQUEST_ID.fullmatch(reply.headers["x-request-id"])
    for inside in ("Traceback", "peewee", "sqlite", "Error(", "/keyfob/", "SELECT"):
        assert inside not in reply.text


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/", 404, "NOT_FOUND"),
        ("GET", "/v1", 404, "NOT_FOUND"),
        ("GET", "/v1/api-keys/", 404, "NOT_FOUND"),
        ("GET", "//v1/api-keys", 404, "NOT_FOUND"),
        ("GET", "/v1//api-keys", 404, "NOT_FOUND"),
        ("GET", "/V1/api-keys", 404, "NOT_FOUND"),
        ("GET", "/static/x", 404, "NOT_FOUND"),
        ("GET", "/openapi.yml", 404, "NOT_FOUND"),
        ("GET", "/v1/api-keys/a%2Fb", 404, "NOT_FOUND"),
        ("GET", "/v1%2Fapi-keys", 404, "NOT_FOUND"),
        ("POST", "/v1/api-keys/a%2frotate", 404, "NOT_FOUND"),
        ("GET", "/v1/api-keys/%E2%82%AC", 404, "NOT_FOUND"),
        ("GET", "/v1/api-keys/%2E%2E", 404, "NOT_FOUND"),
        ("GET", "/v1/api-keys/" + "x" * 65, 400, "VALIDATION_FAILED"),
        ("GET", "/v1/api-keys/%0A", 400, "VALIDATION_FAILED"),
        ("GET", "/v1/api-keys/%00", 400, "VALIDATION_FAILED"),
        ("GET", "/v1/api-keys/%7F", 400, "VALIDATION_FAILED"),
        ("GET", "/v1/api-keys/%C2%85", 400, "VALIDATION_FAILED"),
        ("GET", "/v1/api-keys/%FF", 400, "VALIDATION_FAILED"),
        ("GET", "/v1/api-keys/%zz", 400, "VALIDATION_FAILED"),
        ("GET", "/nowhere/%", 400, "VALIDATION_FAILED"),
        ("PUT", "/v1/api-keys", 405, "METHOD_NOT_ALLOWED"),
        ("OPTIONS", "/v1/api-keys", 405, "METHOD_NOT_ALLOWED"),
        ("TRACE", "/v1/api-keys", 405, "METHOD_NOT_ALLOWED"),
        ("BREW", "/v1/api-keys", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/healthz", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_odd_targets_and_methods(api: Api, method: str, path: str, status: int, error: str) -> None:
    reply = api(method, path)

    assert (reply.status_code, code(reply)) == (status, error)
    assert_envelope(reply)


def test_malformed_target_has_its_pointer(api: Api) -> None:
    assert pointers(api("GET", "/v1/api-keys/%0A")) == ["/path"]
    assert pointers(api("GET", "/v1/api-keys/" + "x" * 65)) == ["/path/keyId"]


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/api-keys", "GET, HEAD, POST"),
        ("/v1/api-keys/key_x", "DELETE, GET, HEAD, PATCH"),
        ("/v1/api-keys/key_x/rotate", "POST"),
        ("/v1/api-keys/current", "GET, HEAD"),
        ("/v1/sites", "GET, HEAD, POST"),
        ("/readyz", "GET, HEAD"),
    ],
)
def test_405_allows_exactly_what_the_spec_has(api: Api, path: str, allow: str) -> None:
    for method in ("OPTIONS", "TRACE", "PUT"):
        assert api(method, path).headers["allow"] == allow


def test_head_answers_as_get_does_without_a_body(api: Api, acme: Organization) -> None:
    for path in ("/v1/api-keys", f"/v1/api-keys/{acme.key_id}", "/healthz", "/v1/api-keys/nope"):
        get, head = api("GET", path), api("HEAD", path)
        assert head.status_code == get.status_code
        assert head.content == b""
        for name in ("content-type", "content-length", "cache-control"):
            assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b" ",
        b"{'name': 1}",
        b'{"name": "a", "name": "b"}',
        b'{"rateLimit": {"requests": 1, "requests": 2}}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": 1e999}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\udc00\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"name": "\xff"}',
        b"\xef\xbb\xbf{}",
        '{"name": "x"}'.encode("utf-16"),
        b'{"name": "a\nb"}',
        b"[" * 60_000,
        b"[" * 300 + b"]" * 300,
        b'{"name":' * 900 + b"1" + b"}" * 900,
        b'{"x": ' + b"[" * 33 + b"]" * 33 + b"}",
        b'{"name": ' + b"9" * 5_000 + b"}",
        b'{"name": "x"} {}',
    ],
    ids=lambda body: f"{len(body)} {body[:24]!r}",
)
def test_what_is_not_json_of_one_meaning_is_malformed(api: Api, body: bytes) -> None:
    reply = api("POST", "/v1/sites", content=body, headers=JSON)

    expected = "VALIDATION_FAILED" if body == b"" else "MALFORMED_JSON"
    assert (reply.status_code, code(reply)) == (400, expected)
    assert_envelope(reply)
    assert api("GET", "/v1/sites").json()["data"] == []


def test_surrogate_pairs_and_every_other_character_are_kept(api: Api) -> None:
    body = b'{"name": "\\ud83d\\ude00 \xe2\x82\xac \\u20ac \xf0\x9f\x98\x80"}'

    reply = api("POST", "/v1/sites", content=body, headers=JSON)

    assert reply.json()["name"] == "\U0001f600 € € \U0001f600"


def test_brackets_in_texts_are_no_nesting(api: Api) -> None:
    name = "[" * 60 + '"\\' + "{" * 30

    assert api("POST", "/v1/sites", json={"name": name}).json()["name"] == name


def test_missing_body_has_the_empty_pointer(api: Api) -> None:
    assert pointers(api("POST", "/v1/sites")) == [""]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"5", b"true"])
def test_body_that_is_no_object_has_the_empty_pointer(api: Api, body: bytes) -> None:
    reply = api("POST", "/v1/sites", content=body, headers=JSON)

    assert (reply.status_code, pointers(reply)) == (400, [""])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/merge-patch+json"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json, text/plain"},
        {"content-type": ""},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
    ids=str,
)
def test_body_that_is_not_labelled_json_is_415(api: Api, headers: dict[str, str]) -> None:
    reply = api("POST", "/v1/sites", content=b'{"name": "x"}', headers=headers)

    assert (reply.status_code, code(reply)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert_envelope(reply)


@pytest.mark.parametrize(
    "label",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_may_be_labelled_in_any_usual_way(api: Api, label: str) -> None:
    reply = api("POST", "/v1/sites", content=b'{"name": "x"}', headers={"content-type": label})

    assert reply.status_code == 201


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_operations_without_a_body_take_an_empty_object_and_nothing_more(
    api: Api, method: str
) -> None:
    path = f"/v1/api-keys/{api.create()['id']}"
    api("POST", f"{path}/revoke")

    extra = api(method, path, content=b'{"force": true}', headers=JSON)
    assert (extra.status_code, pointers(extra)) == (400, ["/force"])
    assert api(method, path, content=b"{}", headers=JSON).is_success


def test_over_long_body_is_413_and_the_longest_is_read(api: Api) -> None:
    longest = json.dumps({"name": "x", "address": ""}).encode().ljust(65_536)
    too_long = longest + b" "

    assert api("POST", "/v1/sites", content=longest, headers=JSON).status_code == 201
    reply = api("POST", "/v1/sites", content=too_long, headers=JSON)
    assert (reply.status_code, code(reply)) == (413, "PAYLOAD_TOO_LARGE")
    assert_envelope(reply)


def test_body_full_of_nonsense_gets_a_bounded_reply(api: Api) -> None:
    body = {f"member{number}": 1 for number in range(4000)}

    reply = api("POST", "/v1/sites", json=body)

    assert len(pointers(reply)) == 100


def test_key_in_the_wrong_place_is_not_repeated(api: Api, acme: Organization) -> None:
    places: list[Callable[[], httpx.Response]] = [
        lambda: api("POST", "/v1/sites", json={"name": "x", acme.key: 1}),
        lambda: api("POST", "/v1/api-keys", json={"name": 5, "scopes": [acme.key]}),
        lambda: api("GET", f"/v1/api-keys?{acme.key}=1"),
        lambda: api("GET", f"/v1/api-keys?status={acme.key}"),
        lambda: api("GET", f"/v1/api-keys/{acme.key}"),
        lambda: api("GET", f"/{acme.key}"),
    ]
    for send in places:
        reply = send()
        assert 400 <= reply.status_code < 500
        assert acme.key not in reply.text


def test_request_ids_are_never_the_clients_and_never_repeat(api: Api) -> None:
    mine = {"x-request-id": "req_mine"}
    ids = [api("GET", "/healthz", headers=mine).headers["x-request-id"] for _ in range(50)]

    assert len(set(ids)) == 50
    assert "req_mine" not in ids


def test_crash_in_a_handler_is_a_500_that_tells_nothing(api: Api, flask_app: flask.Flask) -> None:
    def crash(**_: Any) -> flask.Response:
        raise RuntimeError("SELECT secret FROM inside")

    for rule in flask_app.url_map.iter_rules():
        flask_app.view_functions[rule.endpoint] = crash

    reply = api("GET", "/v1/api-keys/current")

    assert (reply.status_code, code(reply)) == (500, "INTERNAL_ERROR")
    assert_envelope(reply)
    assert "secret" not in reply.text


def test_every_word_of_refusal_can_be_told() -> None:
    def words(base: type[errors.KeyfobError]) -> set[type[errors.KeyfobError]]:
        found = set(base.__subclasses__())
        return found.union(*(words(each) for each in found))

    elsewhere = {errors.AdminExists, errors.SignInFailed}  # command line, dashboard
    abstract = {errors.CredentialError}
    assert words(errors.KeyfobError) - elsewhere - abstract == set(REFUSALS)
