"""The kit's own judgement: good replies pass, and each check notices what it is there for."""

import json
from dataclasses import replace
from typing import Any

import pytest

from keyfob.spec import load_spec
from keyfob_contract.rules import conformance
from keyfob_contract.rules.conformance import RULES, Rule
from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.expectation import Fate, expect
from keyfob_contract.rules.profile import read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.wire.clocks import SteppingClock
from keyfob_contract.wire.message import Reply, Request

REQUEST_ID = "req_5hG2kQ9sLwX1vB7nM3cR8t"
COMMON = (("x-request-id", REQUEST_ID), ("cache-control", "no-store"))
LIMITS = (("ratelimit-policy", '"key";q=600;w=60'), ("ratelimit", '"key";r=599;t=58'))
JSON = ("content-type", "application/json")
SITE = Request("GET", "/v1/sites/site_7dK2pXw9QvRt4LnB8sYh1C")
DELETE_SITE = replace(SITE, method="DELETE")
FOUND = {
    "id": "site_7dK2pXw9QvRt4LnB8sYh1C",
    "organizationId": "org_1aB2cD3eF4gH5iJ6kL7mN8",
    "name": "Headquarters",
    "address": None,
    "createdAt": "2026-02-01T08:00:00.000Z",
}


def reply(status: int, body: Any, *headers: tuple[str, str]) -> Reply:
    return Reply(status, (JSON, *COMMON, *headers), json.dumps(body).encode())


def error(code: str, **changes: Any) -> dict[str, Any]:
    usual = {"code": code, "message": "No.", "details": {}, "requestId": REQUEST_ID}
    return {"error": {name: m for name, m in (usual | changes).items() if m != "left out"}}


CHALLENGE = ("www-authenticate", 'Bearer realm="keyfob"')
GOOD: dict[str, tuple[Request, Reply]] = {
    "200": (SITE, reply(200, FOUND, *LIMITS)),
    "401": (SITE, reply(401, error("API_KEY_MISSING"), CHALLENGE)),
    "404": (SITE, reply(404, error("NOT_FOUND"), *LIMITS)),
    "405": (DELETE_SITE, reply(405, error("METHOD_NOT_ALLOWED"), ("allow", "GET, HEAD"))),
    "unknown_path": (Request("GET", "/v2"), reply(404, error("NOT_FOUND"))),
    "head": (replace(SITE, method="HEAD"), Reply(200, (JSON, *COMMON, *LIMITS), b"")),
    "204": (Request("DELETE", "/v1/api-keys/x"), Reply(204, (*COMMON, *LIMITS), b"")),
}
BAD: dict[str, tuple[Rule, Request, Reply]] = {
    "500": (
        conformance.never_a_fault_of_the_server,
        SITE,
        reply(500, error("INTERNAL_ERROR")),
    ),
    "undocumented": (conformance.status_is_documented, SITE, reply(202, FOUND)),
    "no_challenge": (
        conformance.headers_are_as_documented,
        SITE,
        reply(401, error("API_KEY_MISSING")),
    ),
    "no_rate_limit": (conformance.headers_are_as_documented, SITE, reply(200, FOUND)),
    "odd_rate_limit": (
        conformance.headers_are_as_documented,
        SITE,
        reply(200, FOUND, LIMITS[0], ("ratelimit", "599")),
    ),
    "challenge_missing": (
        conformance.unauthorized_says_how,
        SITE,
        reply(401, error("API_KEY_MISSING")),
    ),
    "member_too_many": (
        conformance.body_is_as_documented,
        SITE,
        reply(200, {**FOUND, "digest": "x"}),
    ),
    "time_without_zone": (
        conformance.body_is_as_documented,
        SITE,
        reply(200, {**FOUND, "createdAt": "2026-02-01T08:00:00.000"}),
    ),
    "body_with_204": (
        conformance.body_is_as_documented,
        Request("DELETE", "/v1/api-keys/x"),
        Reply(204, COMMON, b"{}"),
    ),
    "wrong_media_type": (
        conformance.body_is_as_documented,
        SITE,
        Reply(200, (("content-type", "text/plain"), *COMMON), json.dumps(FOUND).encode()),
    ),
    "body_with_head": (
        conformance.head_has_no_body,
        replace(SITE, method="HEAD"),
        reply(200, FOUND),
    ),
    "no_details_on_405_only": (
        conformance.errors_wear_the_envelope,
        DELETE_SITE,
        reply(405, error("METHOD_NOT_ALLOWED", details="left out"), ("allow", "GET, HEAD")),
    ),
    "null_details": (
        conformance.errors_wear_the_envelope,
        SITE,
        reply(404, error("NOT_FOUND", details=None)),
    ),
    "unlisted_code": (
        conformance.errors_wear_the_envelope,
        Request("GET", "/v2"),
        reply(404, error("GONE_FISHING")),
    ),
    "problem_json": (
        conformance.errors_wear_the_envelope,
        Request("GET", "/v2"),
        Reply(404, (("content-type", "application/problem+json"), *COMMON), b'{"status": 404}'),
    ),
    "code_of_another_status": (
        conformance.code_fits_the_status,
        SITE,
        reply(404, error("SITE_FORBIDDEN")),
    ),
    "another_request_id": (
        conformance.request_id_is_the_header,
        SITE,
        reply(404, error("NOT_FOUND", requestId="req_1")),
    ),
    "no_request_id": (
        conformance.request_id_is_the_header,
        SITE,
        Reply(200, (JSON, ("cache-control", "no-store")), json.dumps(FOUND).encode()),
    ),
    "may_be_stored": (
        conformance.nothing_is_stored,
        SITE,
        Reply(200, (JSON, ("x-request-id", REQUEST_ID)), json.dumps(FOUND).encode()),
    ),
    "allow_without_head": (
        conformance.allow_names_the_methods,
        DELETE_SITE,
        reply(405, error("METHOD_NOT_ALLOWED"), ("allow", "GET")),
    ),
    "unknown_path_as_401": (
        conformance.refusals_before_the_key,
        Request("GET", "/v2"),
        reply(401, error("API_KEY_MISSING"), CHALLENGE),
    ),
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(load_spec(), SteppingClock(), read_profile())


def exchange(contract: Contract, request: Request, answer: Reply) -> Exchange:
    return Exchange(contract, request, expect(contract, request), answer)


@pytest.mark.parametrize(("request_", "answer"), GOOD.values(), ids=GOOD.keys())
def test_a_good_reply_is_left_alone(contract: Contract, request_: Request, answer: Reply) -> None:
    good = exchange(contract, request_, answer)
    assert {rule.__name__: told for rule in RULES if (told := list(rule(good)))} == {}


@pytest.mark.parametrize(("rule", "request_", "answer"), BAD.values(), ids=BAD.keys())
def test_a_bad_reply_is_noticed(
    contract: Contract, rule: Rule, request_: Request, answer: Reply
) -> None:
    assert list(rule(exchange(contract, request_, answer)))


def test_every_rule_is_shown_to_notice_something() -> None:
    assert {rule for rule, *_ in BAD.values()} == set(RULES)


CREATE = Request("POST", "/v1/sites", (("Content-Type", "application/json"),))
GOOD_CREATE = replace(CREATE, body=b'{"name": "a"}')
EDIT = replace(GOOD_CREATE, method="PATCH", target="/v1/api-keys/x")
FATES: dict[str, tuple[Request, Fate]] = {
    "control_character": (Request("GET", "/v1/sites/%0A"), Fate.MALFORMED_TARGET),
    "broken_escape": (Request("GET", "/v1/sites/%2"), Fate.MALFORMED_TARGET),
    "not_utf8": (Request("GET", "/v1/sites/%FF"), Fate.MALFORMED_TARGET),
    "trailing_slash": (Request("GET", "/v1/sites/"), Fate.UNKNOWN_PATH),
    "literal_beats_parameter": (Request("PATCH", "/v1/api-keys/current"), Fate.WRONG_METHOD),
    "unknown_parameter": (Request("GET", "/v1/sites?page=2"), Fate.INVALID),
    "repeated_parameter": (Request("GET", "/v1/sites?limit=2&limit=2"), Fate.INVALID),
    "odd_number": (Request("GET", "/v1/sites?limit=1_0"), Fate.INVALID),
    "out_of_bounds": (Request("GET", "/v1/sites?limit=101"), Fate.INVALID),
    "overlong_id": (Request("GET", "/v1/sites/" + "x" * 65), Fate.INVALID),
    "no_body": (CREATE, Fate.INVALID),
    "no_media_type": (Request("POST", "/v1/sites", body=b'{"name": "a"}'), Fate.WRONG_MEDIA_TYPE),
    "unknown_member": (replace(CREATE, body=b'{"name": "a", "b": 1}'), Fate.INVALID),
    "repeated_member": (replace(CREATE, body=b'{"name": "a", "name": "a"}'), Fate.INVALID),
    "not_a_number": (replace(CREATE, body=b'{"name": NaN}'), Fate.INVALID),
    "lone_surrogate": (replace(CREATE, body=b'{"name": "\\ud800"}'), Fate.INVALID),
    "too_large": (replace(CREATE, body=b" " * 65_537), Fate.TOO_LARGE),
    "good_body": (replace(CREATE, body=b'{"name": "a"}'), Fate.VALID),
    "idempotency_key": (GOOD_CREATE.with_headers(("idempotency-key", "~" * 200)), Fate.VALID),
    "blanks_around_a_header": (GOOD_CREATE.with_headers(("Idempotency-Key", " a ")), Fate.VALID),
    "empty_header": (GOOD_CREATE.with_headers(("Idempotency-Key", "")), Fate.INVALID),
    "overlong_header": (GOOD_CREATE.with_headers(("Idempotency-Key", "~" * 201)), Fate.INVALID),
    "blank_in_a_header": (GOOD_CREATE.with_headers(("Idempotency-Key", "a b")), Fate.INVALID),
    "repeated_header": (
        GOOD_CREATE.with_headers(("Idempotency-Key", "a")).with_headers(("idempotency-key", "a")),
        Fate.INVALID,
    ),
    "header_of_another_operation": (SITE.with_headers(("Idempotency-Key", "")), Fate.VALID),
    "entity_tags": (EDIT.with_headers(("If-Match", 'W/"1", "2"')), Fate.VALID),
    "any_entity_tag": (EDIT.with_headers(("If-Match", "*")), Fate.VALID),
    "entity_tag_without_quotes": (EDIT.with_headers(("If-Match", "3")), Fate.INVALID),
    "repeated_if_match": (
        EDIT.with_headers(("If-Match", '"1"')).with_headers(("If-Match", '"2"')),
        Fate.INVALID,
    ),
    "empty_object_where_no_body_belongs": (
        Request(
            "POST",
            "/v1/api-keys/x/rotate",
            (("Content-Type", "application/json"),),
            b"{}",
        ),
        Fate.VALID,
    ),
}


@pytest.mark.parametrize(("request_", "fate"), FATES.values(), ids=FATES.keys())
def test_the_spec_decides_the_fate_of_a_request(
    contract: Contract, request_: Request, fate: Fate
) -> None:
    assert expect(contract, request_).fate is fate
