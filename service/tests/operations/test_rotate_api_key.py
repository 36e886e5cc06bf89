from concurrent.futures import ThreadPoolExecutor

import pytest
from world import Api, Organization, SettableClock, code

from keyfob.domain.authority import operator_of
from keyfob.domain.keyfob import Keyfob

pytestmark = pytest.mark.both_stores


def test_200_hands_out_a_new_value_and_keeps_all_else(api: Api, clock: SettableClock) -> None:
    made = api.create(name="hr-sync", scopes=["keys:read"], description="nightly")
    clock.advance(seconds=1)

    reply = api("POST", f"/v1/api-keys/{made['id']}/rotate")

    rotated = reply.json()
    assert reply.status_code == 200
    assert rotated["key"] != made["key"]
    changed = {name for name in made if made[name] != rotated[name]}
    expected = {"key", "hint", "secretVersion", "rotatedAt", "rotationDueAt", "updatedAt"}
    assert changed == expected
    assert rotated["secretVersion"] == 2


def test_old_value_is_refused_by_the_very_next_request_and_the_new_one_works(api: Api) -> None:
    made = api.create()
    rotated = api("POST", f"/v1/api-keys/{made['id']}/rotate").json()

    old = api.with_key(made["key"])("GET", "/v1/api-keys/current")
    new = api.with_key(rotated["key"])("GET", "/v1/api-keys/current")

    assert (old.status_code, code(old)) == (401, "API_KEY_ROTATED")
    assert new.status_code == 200


def test_replaced_value_stays_rotated_whatever_becomes_of_the_key(
    api: Api, clock: SettableClock
) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    path = f"/v1/api-keys/{made['id']}"
    api("POST", f"{path}/rotate")
    old = api.with_key(made["key"])

    clock.advance(days=2)
    assert code(old("GET", "/v1/api-keys/current")) == "API_KEY_ROTATED"
    api("POST", f"{path}/revoke")
    assert code(old("GET", "/v1/api-keys/current")) == "API_KEY_ROTATED"
    api("DELETE", path)
    assert code(old("GET", "/v1/api-keys/current")) == "API_KEY_INVALID"


def test_of_concurrent_rotations_exactly_one_value_lives(
    keyfob: Keyfob, acme: Organization, api: Api
) -> None:
    key = api.create()["id"]
    actor = operator_of(acme.id)

    with ThreadPoolExecutor(8) as threads:
        rotations = list(threads.map(lambda _: keyfob.api_keys.rotate(actor, key), range(24)))
        threads.map(lambda _: keyfob.store.database.close(), range(8))

    statuses = [
        api.with_key(value)("GET", "/v1/api-keys/current").status_code for _, value in rotations
    ]
    assert sorted(statuses) == [200] + [401] * 23
    assert sorted(k.secret_version for k, _ in rotations) == list(range(2, 26))
    alive = rotations[statuses.index(200)][0]
    assert alive.secret_version == 25


def test_body_may_be_empty_or_an_empty_object(api: Api) -> None:
    key = api.create()["id"]

    assert api("POST", f"/v1/api-keys/{key}/rotate", json={}).status_code == 200
    assert api("POST", f"/v1/api-keys/{key}/rotate", json={"now": True}).status_code == 400


def test_403_when_the_key_holds_more_than_the_actor(api: Api) -> None:
    wider = api.create(scopes=["audit:read"])
    writer = api.with_key(api.create(scopes=["keys:write"])["key"])

    reply = writer("POST", f"/v1/api-keys/{wider['id']}/rotate")

    assert (reply.status_code, code(reply)) == (403, "SCOPE_ESCALATION")
    assert api.with_key(wider["key"])("GET", "/v1/api-keys/current").status_code == 200


def test_403_when_the_key_outlives_the_actor(api: Api) -> None:
    eternal = api.create(scopes=["keys:write"])
    expiring = api.create(scopes=["keys:write"], expiresAt="2026-04-01T00:00:00Z")

    reply = api.with_key(expiring["key"])("POST", f"/v1/api-keys/{eternal['id']}/rotate")

    assert reply.json()["error"]["details"] == {"expiresAt": None}


def test_404_for_a_foreign_key_which_keeps_its_value(api: Api, other_api: Api) -> None:
    foreign = other_api.create()

    assert api("POST", f"/v1/api-keys/{foreign['id']}/rotate").status_code == 404
    assert api.with_key(foreign["key"])("GET", "/v1/api-keys/current").status_code == 200


def test_409_for_an_expired_and_for_a_revoked_key(api: Api, clock: SettableClock) -> None:
    key = api.create(expiresAt="2026-03-02T00:00:00Z")["id"]
    clock.advance(days=2)
    assert code(api("POST", f"/v1/api-keys/{key}/rotate")) == "KEY_IS_EXPIRED"

    api("POST", f"/v1/api-keys/{key}/revoke")
    reply = api("POST", f"/v1/api-keys/{key}/rotate")

    assert (reply.status_code, code(reply)) == (409, "KEY_IS_REVOKED")
