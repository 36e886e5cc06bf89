"""The kit foresees what If-Match and Idempotency-Key do, and notices when they do not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from keyfob_contract.conditions import Conditions, Foreseen
from keyfob_contract.conformance import Exchange
from keyfob_contract.credentials import KEYS, Keyring
from keyfob_contract.expectation import expect
from keyfob_contract.inspector import Api
from keyfob_contract.subject import Subject
from keyfob_contract.target import Reply, Request

JSON = {"Content-Type": "application/json"}
CREATE_SITE = Request("POST", "/v1/sites", body=b'{"name": "a"}').with_headers(
    {**JSON, "Idempotency-Key": "once"}
)
CREATE_KEY = replace(
    CREATE_SITE,
    target=KEYS,
    body=b'{"name": "a", "scopes": ["keys:read"], "siteIds": ["*"], "expiresAt": null}',
)
OTHER_BODY = replace(CREATE_SITE, body=b'{"name": "b"}')


@pytest.fixture
def key(subject: Subject) -> Iterator[dict[str, Any]]:
    keyring = Keyring(subject.admin)
    yield keyring.make("conditions")
    keyring.remove_all()


def foreseen(conditions: Conditions, api: Api, request: Request) -> Foreseen:
    return conditions.foresee(request, expect(api.inspector.contract, request))


def judged(
    conditions: Conditions, api: Api, request: Request, status: int, body: Any, was: Foreseen
) -> list[str]:
    contract = api.inspector.contract
    reply = Reply(status, (), json.dumps(body).encode())
    return conditions.judge(Exchange(contract, request, expect(contract, request), reply), was)


@pytest.mark.parametrize(
    ("if_match", "succeeds"),
    [
        ("{tag}", True),
        ("*", True),
        ('"0", {tag}', True),
        ("W/{tag}", False),
        ('"0"', False),
        ('""', False),
    ],
)
def test_an_edit_succeeds_exactly_if_the_tag_in_force_is_named(
    subject: Subject, key: dict[str, Any], *, if_match: str, succeeds: bool
) -> None:
    api, path = subject.admin, f"{KEYS}/{key['id']}"
    tag = api("GET", path).header("etag")
    edit = Request("PATCH", path, body=b'{"name": "a"}').with_headers(
        {**JSON, "If-Match": if_match.format(tag=tag)}
    )
    statuses = foreseen(Conditions(api), api, edit).statuses
    assert (200 in statuses, 412 in statuses) == (succeeds, not succeeds)
    reply = api.inspector.send(edit.with_headers(api.credentials))
    assert reply.status == (200 if succeeds else 412)


def test_an_edit_without_a_condition_may_not_fail_one(
    subject: Subject, key: dict[str, Any]
) -> None:
    edit = Request("PATCH", f"{KEYS}/{key['id']}", body=b'{"name": "a"}').with_headers(JSON)
    assert 412 not in foreseen(Conditions(subject.admin), subject.admin, edit).statuses


def test_a_repeated_creation_must_be_answered_as_the_first(subject: Subject) -> None:
    api = subject.admin
    conditions = Conditions(api)
    first = foreseen(conditions, api, CREATE_SITE)
    assert judged(conditions, api, CREATE_SITE, 201, {"id": "site_1"}, first) == []
    second = foreseen(conditions, api, CREATE_SITE)
    assert second.statuses == {201}
    assert judged(conditions, api, CREATE_SITE, 201, {"id": "site_1"}, second) == []
    assert judged(conditions, api, CREATE_SITE, 201, {"id": "site_2"}, second)


def test_a_key_with_another_body_must_be_a_conflict_told_as_such(subject: Subject) -> None:
    api = subject.admin
    conditions = Conditions(api)
    judged(conditions, api, CREATE_SITE, 201, {"id": "site_1"}, Foreseen(frozenset({201})))
    other = foreseen(conditions, api, OTHER_BODY)
    assert other.statuses == {409}
    told, untold = ({"error": {"code": c}} for c in ("IDEMPOTENCY_CONFLICT", "KEY_QUOTA_REACHED"))
    assert judged(conditions, api, OTHER_BODY, 409, told, other) == []
    assert judged(conditions, api, OTHER_BODY, 409, untold, other)


def test_a_value_is_never_answered_again(subject: Subject) -> None:
    api = subject.admin
    conditions = Conditions(api)
    made = {"id": "key_1", "key": "kfb_1"}
    judged(conditions, api, CREATE_KEY, 201, made, Foreseen(frozenset({201})))
    assert foreseen(conditions, api, CREATE_KEY).statuses == {409}


def test_a_first_attempt_must_not_meet_a_conflict_of_keys(subject: Subject) -> None:
    api = subject.admin
    conditions = Conditions(api)
    first = foreseen(conditions, api, CREATE_SITE)
    conflict = {"error": {"code": "IDEMPOTENCY_CONFLICT"}}
    assert judged(conditions, api, CREATE_SITE, 409, conflict, first)
