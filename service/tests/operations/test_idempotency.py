"""``Idempotency-Key`` on creates."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from world import FULL_SCOPES, Api, Organization, SettableClock, code, pointers, without_request_id

from keyfob.domain.authentication import actor_of
from keyfob.domain.keyfob import Keyfob
from keyfob.handlers import create_api_key

pytestmark = pytest.mark.both_stores

DRAFT = {"name": "hr-sync", "scopes": ["keys:read"], "siteIds": ["*"]}
ONCE = {"Idempotency-Key": "attempt-1"}


def test_repeated_creation_answers_the_first_reply_again(api: Api) -> None:
    first = api("POST", "/v1/sites", json={"name": "Lab"}, headers=ONCE)
    second = api("POST", "/v1/sites", json={"name": "Lab"}, headers=ONCE)

    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["location"] == first.headers["location"]
    assert len(api("GET", "/v1/sites").json()["data"]) == 1


def test_repeated_key_creation_names_the_key_since_its_value_is_not_kept(api: Api) -> None:
    first = api("POST", "/v1/api-keys", json=DRAFT, headers=ONCE).json()
    second = api("POST", "/v1/api-keys", json=DRAFT, headers=ONCE)

    assert (second.status_code, code(second)) == (409, "IDEMPOTENCY_CONFLICT")
    details = {"reason": "already_created", "keyId": first["id"]}
    assert second.json()["error"]["details"] == details
    assert api("GET", "/v1/api-keys").json()["counts"]["active"] == 2


def test_order_of_members_makes_no_other_body(api: Api) -> None:
    api("POST", "/v1/sites", json={"name": "Lab", "address": "x"}, headers=ONCE)
    again = api("POST", "/v1/sites", json={"address": "x", "name": "Lab"}, headers=ONCE)

    assert again.status_code == 201


def test_another_body_is_a_conflict(api: Api) -> None:
    api("POST", "/v1/sites", json={"name": "Lab"}, headers=ONCE)
    other = api("POST", "/v1/sites", json={"name": "Other"}, headers=ONCE)

    assert (other.status_code, code(other)) == (409, "IDEMPOTENCY_CONFLICT")
    assert other.json()["error"]["details"] == {"reason": "different_body"}


def test_actors_and_operations_do_not_share_their_attempts(api: Api) -> None:
    api("POST", "/v1/sites", json={"name": "Lab"}, headers=ONCE)
    colleague = api.with_key(api.create(scopes=["sites:write"])["key"])

    assert api("POST", "/v1/api-keys", json=DRAFT, headers=ONCE).status_code == 201
    assert colleague("POST", "/v1/sites", json={"name": "X"}, headers=ONCE).status_code == 201


def test_only_successes_are_remembered(api: Api) -> None:
    refused = api("POST", "/v1/api-keys", json=DRAFT | {"siteIds": ["site_no"]}, headers=ONCE)
    assert refused.status_code == 403

    assert api("POST", "/v1/api-keys", json=DRAFT, headers=ONCE).status_code == 201


def test_attempts_are_forgotten_after_24_hours(api: Api, clock: SettableClock) -> None:
    api("POST", "/v1/sites", json={"name": "Lab"}, headers=ONCE)
    clock.advance(days=1, seconds=-1)
    assert api("POST", "/v1/sites", json={"name": "New"}, headers=ONCE).status_code == 409
    clock.advance(seconds=1)

    assert api("POST", "/v1/sites", json={"name": "New"}, headers=ONCE).status_code == 201


@pytest.mark.parametrize("sent_again", ["the same", "another body"])
@pytest.mark.parametrize(
    ("path", "body", "taken"),
    [
        ("/v1/sites", {"name": "Lab"}, "sites"),
        ("/v1/api-keys", DRAFT, "sites"),
        ("/v1/api-keys", DRAFT, "time"),
    ],
)
def test_repetition_is_refused_as_a_first_attempt_once_the_actor_holds_too_little(
    api: Api, path: str, body: dict[str, Any], taken: str, sent_again: str
) -> None:
    made = api.create(scopes=FULL_SCOPES)
    actor = api.with_key(made["key"])
    assert actor("POST", path, json=body, headers=ONCE).status_code == 201
    less = {"siteIds": [api.site()]} if taken == "sites" else {"expiresAt": "2099-01-01T00:00:00Z"}
    assert api("PATCH", f"/v1/api-keys/{made['id']}", json=less).status_code == 200

    body = body if sent_again == "the same" else body | {"name": "other"}
    first = actor("POST", path, json=body)
    again = actor("POST", path, json=body, headers=ONCE)

    assert (first.status_code, again.status_code) == (403, 403)
    assert without_request_id(again) == without_request_id(first)


def test_refused_repetition_is_an_escalation_in_the_audit_trail(api: Api) -> None:
    made = api.create(scopes=FULL_SCOPES)
    actor = api.with_key(made["key"])
    actor("POST", "/v1/api-keys", json=DRAFT, headers=ONCE)
    api("PATCH", f"/v1/api-keys/{made['id']}", json={"siteIds": [api.site()]})

    actor("POST", "/v1/api-keys", json=DRAFT, headers=ONCE)

    events = api("GET", "/v1/audit-events?action=escalation.refused").json()["data"]
    assert [event["actor"]["id"] for event in events] == [made["id"]]


def test_concurrent_twins_make_one_key(keyfob: Keyfob, api: Api) -> None:
    made = api.create(scopes=["keys:write", "keys:read"])
    credential = keyfob.authentication.identify(made["key"])
    assert credential is not None
    actor = actor_of(credential, "req_x")

    def attempt(_: int) -> str:
        try:
            create_api_key(keyfob, actor, DRAFT, "twin")
        except Exception as conflict:  # noqa: BLE001  the name of what was raised is the outcome
            return type(conflict).__name__
        finally:
            keyfob.store.database.close()
        return "created"

    with ThreadPoolExecutor(8) as threads:
        outcomes = sorted(threads.map(attempt, range(8)))

    assert outcomes == ["IdempotencyConflict"] * 7 + ["created"]


def test_value_of_a_key_sent_in_the_wrong_header_is_not_kept(
    api: Api, acme: Organization, all_that_is_kept: Callable[[], bytes]
) -> None:
    headers = {"Idempotency-Key": acme.key}
    first = api("POST", "/v1/sites", json={"name": "Lab"}, headers=headers)
    again = api("POST", "/v1/sites", json={"name": "Lab"}, headers=headers)

    assert again.json() == first.json()
    kept = all_that_is_kept()
    assert first.json()["id"].encode() in kept
    assert acme.key.encode() not in kept


@pytest.mark.parametrize("odd", ["", "a b", "é".encode(), "x" * 201])
def test_400_for_an_odd_key(api: Api, odd: str) -> None:
    reply = api("POST", "/v1/sites", json={"name": "Lab"}, headers={"Idempotency-Key": odd})

    assert reply.status_code == 400
    assert set(pointers(reply)) == {"/header/Idempotency-Key"}
