import pytest
from world import Api, SettableClock, code, pointers


@pytest.mark.parametrize("reason", ["unused", "compromised", "temporary", "other"])
def test_200_and_the_key_is_refused_by_the_very_next_request(
    api: Api, clock: SettableClock, reason: str
) -> None:
    made = api.create()
    clock.advance(seconds=1)

    reply = api("POST", f"/v1/api-keys/{made['id']}/revoke", json={"reason": reason})

    assert reply.status_code == 200
    assert (reply.json()["status"], reply.json()["revokedReason"]) == ("revoked", reason)
    assert reply.json()["revokedAt"] == "2026-03-01T09:30:01.000Z"
    refused = api.with_key(made["key"])("GET", "/v1/api-keys/current")
    assert (refused.status_code, code(refused)) == (401, "API_KEY_REVOKED")


@pytest.mark.parametrize("request_body", [{}, {"json": {}}])
def test_reason_is_other_unless_said(api: Api, request_body: dict[str, object]) -> None:
    key = api.create()["id"]

    revoked = api("POST", f"/v1/api-keys/{key}/revoke", **request_body).json()

    assert revoked["revokedReason"] == "other"


def test_revoking_again_changes_nothing_but_that_the_reason_may_rise(
    api: Api, clock: SettableClock
) -> None:
    path = f"/v1/api-keys/{api.create()['id']}/revoke"
    first = api("POST", path, json={"reason": "unused"}).json()
    clock.advance(seconds=1)

    assert api("POST", path, json={"reason": "temporary"}).json() == first
    risen = api("POST", path, json={"reason": "compromised"}).json()
    assert (risen["revokedReason"], risen["revokedAt"]) == ("compromised", first["revokedAt"])
    assert api("POST", path, json={"reason": "unused"}).json() == risen


def test_expired_key_can_be_revoked(api: Api, clock: SettableClock) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    clock.advance(days=2)

    revoked = api("POST", f"/v1/api-keys/{made['id']}/revoke").json()

    assert revoked["status"] == "revoked"
    assert code(api.with_key(made["key"])("GET", "/v1/api-keys/current")) == "API_KEY_REVOKED"


def test_revoking_needs_only_the_scope_and_not_what_the_key_holds(api: Api) -> None:
    wider = api.create(scopes=["audit:read"])["id"]
    writer = api.with_key(api.create(scopes=["keys:write"])["key"])

    assert writer("POST", f"/v1/api-keys/{wider}/revoke").status_code == 200


def test_key_may_revoke_itself(api: Api) -> None:
    made = api.create(scopes=["keys:write"])
    itself = api.with_key(made["key"])

    assert itself("POST", f"/v1/api-keys/{made['id']}/revoke").status_code == 200
    assert code(itself("GET", "/v1/api-keys")) == "API_KEY_REVOKED"


def test_400_for_an_unknown_reason(api: Api) -> None:
    made = api.create()
    reply = api("POST", f"/v1/api-keys/{made['id']}/revoke", json={"reason": "bored"})

    assert (reply.status_code, pointers(reply)) == (400, ["/reason"])
    assert api("GET", f"/v1/api-keys/{made['id']}").json()["status"] == "active"


def test_404_for_a_foreign_key_which_stays_active(api: Api, other_api: Api) -> None:
    foreign = other_api.create()

    assert api("POST", f"/v1/api-keys/{foreign['id']}/revoke").status_code == 404
    assert other_api("GET", f"/v1/api-keys/{foreign['id']}").json()["status"] == "active"


def test_404_for_a_key_beyond_the_sites_of_the_actor(api: Api) -> None:
    mine, other = api.site("A"), api.site("B")
    limited = api.with_key(api.create(scopes=["keys:write"], siteIds=[mine])["key"])
    beyond = api.create(siteIds=[other])["id"]

    assert limited("POST", f"/v1/api-keys/{beyond}/revoke").status_code == 404
    assert api("GET", f"/v1/api-keys/{beyond}").json()["status"] == "active"
