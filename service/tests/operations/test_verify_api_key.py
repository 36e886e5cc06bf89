from typing import Any

import pytest
from world import Api, SettableClock, code, pointers


def verdict(api: Api, key: str, **asked: str) -> dict[str, Any]:
    reply = api("POST", "/v1/api-keys/verify", json={"key": key, **asked})
    assert reply.status_code == 200, reply.text
    assert reply.json()["valid"] == (reply.json()["code"] == "VALID")
    return reply.json()


def test_200_tells_what_a_good_key_is(api: Api) -> None:
    made = api.create(scopes=["visitors:read"], expiresAt="2027-01-01T00:00:00Z")

    assert verdict(api, made["key"]) == {
        "valid": True,
        "code": "VALID",
        "keyId": made["id"],
        "organizationId": made["organizationId"],
        "scopes": ["visitors:read"],
        "siteIds": ["*"],
        "expiresAt": "2027-01-01T00:00:00.000Z",
    }


def test_dead_key_is_told_with_its_reason_at_once(api: Api, clock: SettableClock) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    path = f"/v1/api-keys/{made['id']}"
    value = api("POST", f"{path}/rotate").json()["key"]
    assert verdict(api, made["key"])["code"] == "API_KEY_ROTATED"
    api("POST", f"{path}/revoke")
    assert verdict(api, value)["code"] == "API_KEY_REVOKED"
    api("POST", f"{path}/reactivate")
    clock.advance(days=2)
    assert verdict(api, value)["code"] == "API_KEY_EXPIRED"
    assert verdict(api, value)["keyId"] == made["id"]


def test_scope_and_site_are_asked_of_the_judged_key(api: Api) -> None:
    here, there = api.site("A"), api.site("B")
    key = api.create(scopes=["visitors:read"], siteIds=[here])["key"]

    assert verdict(api, key, scope="visitors:read", siteId=here)["valid"]
    assert verdict(api, key, scope="visitors:write")["code"] == "SCOPE_INSUFFICIENT"
    assert verdict(api, key, siteId=there)["code"] == "SITE_FORBIDDEN"


@pytest.mark.parametrize("value", ["", "nonsense", "x" * 60_000, "kfb_\u0000\n", "kfb_é"])
def test_odd_values_are_invalid_and_never_400(api: Api, value: str) -> None:
    assert verdict(api, value) == {"valid": False, "code": "API_KEY_INVALID"}


def test_keys_of_others_or_beyond_the_callers_sites_are_unknown(api: Api, other_api: Api) -> None:
    mine, other = api.site("A"), api.site("B")
    verifier = api.with_key(api.create(scopes=["keys:verify"], siteIds=[mine])["key"])

    unknown = {"valid": False, "code": "API_KEY_INVALID"}
    assert verdict(api, other_api.create()["key"]) == unknown
    for sites in ([other], [mine, other], ["*"]):
        assert verdict(verifier, api.create(siteIds=sites)["key"]) == unknown
    assert verdict(verifier, api.create(siteIds=[mine])["key"])["valid"]


def test_403_for_a_site_that_the_caller_does_not_cover(api: Api, other_api: Api) -> None:
    key = api.create()["key"]
    for site in ("nowhere", other_api.site()):
        reply = api("POST", "/v1/api-keys/verify", json={"key": key, "siteId": site})
        assert (reply.status_code, code(reply)) == (403, "SITE_FORBIDDEN")
        assert reply.json()["error"]["details"] == {"pointer": "/siteId"}


def test_403_without_the_scope(api: Api) -> None:
    blind = api.with_key(api.create(scopes=["keys:read"])["key"])
    reply = blind("POST", "/v1/api-keys/verify", json={"key": "x"})

    assert reply.json()["error"]["details"] == {"required": "keys:verify"}


def test_400_points_at_each_bad_member(api: Api) -> None:
    body = {"key": 5, "scope": "everything", "siteId": "", "x": 1}
    reply = api("POST", "/v1/api-keys/verify", json=body)

    assert reply.status_code == 400
    assert set(pointers(reply)) == {"/key", "/scope", "/siteId", "/x"}


def test_judged_key_is_charged_once_and_the_caller_once(api: Api) -> None:
    judged = api.create(rateLimit={"requests": 2, "windowSeconds": 60})
    first = api("POST", "/v1/api-keys/verify", json={"key": judged["key"]})
    second = api("POST", "/v1/api-keys/verify", json={"key": judged["key"]})
    third = api("POST", "/v1/api-keys/verify", json={"key": judged["key"]})

    assert [reply.json()["code"] for reply in (first, second, third)] == [
        "VALID",
        "VALID",
        "RATE_LIMITED",
    ]
    assert third.json()["retryAfter"] == 60
    left = [int(reply.headers["ratelimit"].split(";")[1][2:]) for reply in (first, second, third)]
    assert left[0] - left[2] == 2


def test_dead_key_is_not_charged(api: Api) -> None:
    judged = api.create(rateLimit={"requests": 1, "windowSeconds": 60})
    path = f"/v1/api-keys/{judged['id']}"
    api("POST", f"{path}/revoke")
    assert verdict(api, judged["key"])["code"] == "API_KEY_REVOKED"
    api("POST", f"{path}/reactivate")

    assert verdict(api, judged["key"])["valid"]


def test_key_that_judges_itself_is_charged_once(api: Api) -> None:
    made = api.create(scopes=["keys:verify"], rateLimit={"requests": 2, "windowSeconds": 60})
    itself = api.with_key(made["key"])

    assert [verdict(itself, made["key"])["code"] for _ in range(2)] == ["VALID", "VALID"]
    assert itself("POST", "/v1/api-keys/verify", json={"key": "x"}).status_code == 429
