import pytest
from world import Api, SettableClock, code

pytestmark = pytest.mark.both_stores


def test_204_and_key_and_values_are_gone(api: Api) -> None:
    made = api.create()
    path = f"/v1/api-keys/{made['id']}"
    rotated = api("POST", f"{path}/rotate").json()
    api("POST", f"{path}/revoke")

    reply = api("DELETE", path)

    assert (reply.status_code, reply.content) == (204, b"")
    assert api("GET", path).status_code == 404
    assert api("DELETE", path).status_code == 404
    for value in (made["key"], rotated["key"]):
        assert code(api.with_key(value)("GET", "/v1/api-keys/current")) == "API_KEY_INVALID"


def test_total_in_the_audit_event_counts_to_the_last_request(api: Api) -> None:
    made = api.create()
    path = f"/v1/api-keys/{made['id']}"
    key = api.with_key(made["key"])
    for _ in range(50):
        assert key("GET", "/v1/authorize").status_code == 200
    api("POST", f"{path}/revoke")
    assert key("GET", "/v1/authorize").status_code == 401

    assert api("DELETE", path).status_code == 204

    asked = {"keyId": made["id"], "action": "apiKey.deleted"}
    (event,) = api("GET", "/v1/audit-events", params=asked).json()["data"]
    assert event["before"]["requests"] == 51


def test_site_limited_key_can_be_deleted(api: Api) -> None:
    path = f"/v1/api-keys/{api.create(siteIds=[api.site()])['id']}"
    api("POST", f"{path}/revoke")

    assert api("DELETE", path).status_code == 204


def test_403_without_the_scope(api: Api) -> None:
    key = api.create()["id"]
    api("POST", f"/v1/api-keys/{key}/revoke")
    reader = api.with_key(api.create(scopes=["keys:read"])["key"])

    assert reader("DELETE", f"/v1/api-keys/{key}").status_code == 403
    assert api("GET", f"/v1/api-keys/{key}").status_code == 200


def test_404_for_a_foreign_key_which_stays(api: Api, other_api: Api) -> None:
    foreign = other_api.create()["id"]
    other_api("POST", f"/v1/api-keys/{foreign}/revoke")

    assert api("DELETE", f"/v1/api-keys/{foreign}").status_code == 404
    assert other_api("GET", f"/v1/api-keys/{foreign}").status_code == 200


def test_409_unless_revoked(api: Api, clock: SettableClock) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    path = f"/v1/api-keys/{made['id']}"

    active = api("DELETE", path)
    clock.advance(days=2)
    expired = api("DELETE", path)

    assert (active.status_code, code(active)) == (409, "KEY_IS_ACTIVE")
    assert (expired.status_code, code(expired)) == (409, "KEY_NOT_REVOKED")
    assert api("GET", path).status_code == 200
