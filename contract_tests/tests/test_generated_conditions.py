"""The kit foresees what If-Match and Idempotency-Key do, and notices when they do not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tampering import kit_of_service

from keyfob_contract.generated.conditions import Conditions, Foreseen
from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.expectation import expect
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.message import Reply, Request

KEYS = "/v1/api-keys"
ONCE = ("Idempotency-Key", "once")
CREATE_SITE = Request("POST", "/v1/sites").with_json({"name": "a"}).with_headers(ONCE)
OTHER_BODY = CREATE_SITE.with_json({"name": "b"})
CREATE_KEY = replace(CREATE_SITE, target=KEYS).with_json(
    {"name": "a", "scopes": ["keys:read"], "siteIds": ["*"], "expiresAt": None}
)


@pytest.fixture(scope="module")
def kit() -> Iterator[Kit]:
    with kit_of_service() as kit:
        yield kit
        kit.clean_up()


@pytest.fixture
def conditions(kit: Kit) -> Conditions:
    return Conditions(kit.live)


def foreseen(kit: Kit, conditions: Conditions, request: Request) -> Foreseen:
    return conditions.foresee(request, expect(kit.contract, request))


def judged(
    kit: Kit, conditions: Conditions, request: Request, status: int, body: Any, was: Foreseen
) -> str | None:
    reply = Reply(status, (), json.dumps(body).encode())
    exchange = Exchange(kit.contract, request, expect(kit.contract, request), reply)
    return conditions.judge(exchange, was)


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
    kit: Kit, conditions: Conditions, *, if_match: str, succeeds: bool
) -> None:
    path = f"{KEYS}/{kit.keyring.make('conditions').id}"
    tag = kit.live("GET", path).header("etag")
    edit = Request("PATCH", path).with_json({"name": "a"})
    edit = edit.with_headers(("If-Match", if_match.format(tag=tag)))
    statuses = foreseen(kit, conditions, edit).statuses or ()
    assert (200 in statuses, 412 in statuses) == (succeeds, not succeeds)
    assert kit.live.ask(edit).status == (200 if succeeds else 412)


def test_an_edit_without_a_condition_may_not_fail_one(kit: Kit, conditions: Conditions) -> None:
    edit = Request("PATCH", f"{KEYS}/{kit.runner.id}").with_json({"name": "a"})
    assert 412 not in (foreseen(kit, conditions, edit).statuses or {412})


def test_a_repeated_creation_must_be_answered_as_the_first(
    kit: Kit, conditions: Conditions
) -> None:
    first = foreseen(kit, conditions, CREATE_SITE)
    assert judged(kit, conditions, CREATE_SITE, 201, {"id": "site_1"}, first) is None
    second = foreseen(kit, conditions, CREATE_SITE)
    assert second.statuses == {201}
    assert judged(kit, conditions, CREATE_SITE, 201, {"id": "site_1"}, second) is None
    assert judged(kit, conditions, CREATE_SITE, 201, {"id": "site_2"}, second)


def test_a_key_with_another_body_must_be_a_conflict_told_as_such(
    kit: Kit, conditions: Conditions
) -> None:
    first = foreseen(kit, conditions, CREATE_SITE)
    judged(kit, conditions, CREATE_SITE, 201, {"id": "site_1"}, first)
    other = foreseen(kit, conditions, OTHER_BODY)
    assert 201 not in (other.statuses or {201})
    told, untold = ({"error": {"code": c}} for c in ("IDEMPOTENCY_CONFLICT", "KEY_QUOTA_REACHED"))
    assert judged(kit, conditions, OTHER_BODY, 409, told, other) is None
    assert judged(kit, conditions, OTHER_BODY, 409, untold, other)


def test_a_value_is_never_answered_again(kit: Kit, conditions: Conditions) -> None:
    first = foreseen(kit, conditions, CREATE_KEY)
    judged(kit, conditions, CREATE_KEY, 201, {"id": "key_1", "key": "kfb_1"}, first)
    assert foreseen(kit, conditions, CREATE_KEY).statuses == {409}


def test_a_first_attempt_must_not_meet_a_conflict_of_keys(kit: Kit, conditions: Conditions) -> None:
    first = foreseen(kit, conditions, CREATE_SITE)
    conflict = {"error": {"code": "IDEMPOTENCY_CONFLICT"}}
    assert judged(kit, conditions, CREATE_SITE, 409, conflict, first)
