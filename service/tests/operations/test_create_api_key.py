import re

import pytest
from world import DAY_MS, START, Api, Organization, SettableClock, code, pointers

DRAFT = {"name": "hr-sync", "scopes": ["sites:read", "keys:read"], "siteIds": ["*"]}


def test_201_answers_the_key_with_its_value_and_location(api: Api, acme: Organization) -> None:
    reply = api("POST", "/v1/api-keys", json=DRAFT)

    key = reply.json()
    assert reply.status_code == 201
    assert reply.headers["location"] == f"/v1/api-keys/{key['id']}"
    assert re.fullmatch(r"kfb_[0-9A-Za-z]{33}", key["key"])
    assert key["hint"] == f"kfb_…{key['key'][-4:]}"
    assert (key["name"], key["scopes"], key["siteIds"]) == tuple(DRAFT.values())
    assert (key["status"], key["secretVersion"]) == ("active", 1)
    assert key["rateLimit"] == {"requests": 600, "windowSeconds": 60}
    assert key["createdBy"] == {"type": "apiKey", "id": acme.key_id}
    assert key["createdAt"] == key["updatedAt"] == "2026-03-01T09:30:00.000Z"
    assert key["rotationDueAt"] == "2026-05-30T09:30:00.000Z"
    for unset in ("description", "rotatedAt", "expiresAt", "revokedAt", "revokedReason"):
        assert key[unset] is None


def test_new_value_works_for_the_very_next_request(api: Api) -> None:
    made = api.create(scopes=["keys:read"])

    current = api.with_key(made["key"])("GET", "/v1/api-keys/current")

    assert current.status_code == 200
    assert current.json()["id"] == made["id"]


def test_value_is_in_no_other_reply(api: Api) -> None:
    made = api.create()

    for path in (f"/v1/api-keys/{made['id']}", "/v1/api-keys"):
        assert made["key"] not in api("GET", path).text


def test_names_may_repeat(api: Api) -> None:
    assert api.create(name="twin")["id"] != api.create(name="twin")["id"]


def test_times_are_taken_with_any_offset_and_answered_in_utc(api: Api) -> None:
    key = api.create(expiresAt="2027-03-01T00:00:00.123456+01:00")

    assert key["expiresAt"] == "2027-02-28T23:00:00.123Z"


def test_site_ids_are_a_set_of_own_sites(api: Api) -> None:
    sites = [api.site("A"), api.site("B")]

    assert api.create(siteIds=sites)["siteIds"] == sorted(sites)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": None}, ["/name"]),
        ({"name": ""}, ["/name"]),
        ({"name": "\ufeff"}, ["/name"]),
        ({"name": " \u3000"}, ["/name"]),
        ({"name": "x" * 101}, ["/name"]),
        ({"name": "a\nb"}, ["/name"]),
        ({"name": "a\u0085"}, ["/name"]),
        ({"name": 5}, ["/name"]),
        ({"description": "x" * 1001}, ["/description"]),
        ({"description": "tab\there"}, ["/description"]),
        ({"scopes": []}, ["/scopes"]),
        ({"scopes": ["keys:read", "sites:read", "keys:read"]}, ["/scopes/2"]),
        ({"scopes": ["everything"]}, ["/scopes/0"]),
        ({"siteIds": []}, ["/siteIds"]),
        ({"siteIds": "*"}, ["/siteIds"]),
        ({"siteIds": ["site_a", "site_b", "site_a"]}, ["/siteIds/2"]),
        ({"expiresAt": "tomorrow"}, ["/expiresAt"]),
        ({"expiresAt": "2027-02-30T00:00:00Z"}, ["/expiresAt"]),
        ({"expiresAt": "2027-01-01T00:00:00"}, ["/expiresAt"]),
        ({"expiresAt": "2026-03-01T09:30:00Z"}, ["/expiresAt"]),
        ({"rateLimit": {"requests": 0, "windowSeconds": 60}}, ["/rateLimit/requests"]),
        ({"rateLimit": {"requests": 1.5, "windowSeconds": 60}}, ["/rateLimit/requests"]),
        ({"rateLimit": {"requests": 1_000_001, "windowSeconds": 60}}, ["/rateLimit/requests"]),
        ({"rateLimit": {"requests": 1, "windowSeconds": 86_401}}, ["/rateLimit/windowSeconds"]),
        ({"rateLimit": {"requests": 1}}, ["/rateLimit/windowSeconds"]),
        ({"rateLimit": None}, ["/rateLimit"]),
        ({"id": "key_mine", "status": "active"}, ["/id", "/status"]),
        ({"a/b~c": 1}, ["/a~1b~0c"]),
    ],
    ids=str,
)
def test_400_points_at_each_bad_member(
    api: Api, change: dict[str, object], expected: list[str]
) -> None:
    reply = api("POST", "/v1/api-keys", json=DRAFT | change)

    assert (reply.status_code, code(reply)) == (400, "VALIDATION_FAILED")
    assert sorted(pointers(reply)) == sorted(expected)


@pytest.mark.parametrize(
    ("site_ids", "expected"),
    [
        (["x"], {"/siteIds/0": "must match ^site_[0-9A-Za-z]+$ or be *"}),
        (["*", "site_a"], {"/siteIds/0": "must match ^site_[0-9A-Za-z]+$"}),
        (["site_a", "b"], {"/siteIds/1": "must match ^site_[0-9A-Za-z]+$"}),
        ([], {"/siteIds": "must have at least 1 items"}),
        ([5], {"/siteIds/0": "must be text"}),
    ],
    ids=str,
)
def test_400_names_all_that_a_bad_site_could_have_been(
    api: Api, site_ids: list[object], expected: dict[str, str]
) -> None:
    reply = api("POST", "/v1/api-keys", json=DRAFT | {"siteIds": site_ids})

    fields = reply.json()["error"]["details"]["fields"]
    assert {field["pointer"]: field["message"] for field in fields} == expected


def test_400_names_all_problems_of_body_and_query_at_once_and_changes_nothing(api: Api) -> None:
    body = {"name": "", "scopes": ["keys:read"], "color": "red"}
    reply = api("POST", "/v1/api-keys?dry=1", json=body)

    assert set(pointers(reply)) == {"/name", "/siteIds", "/color", "/query/dry"}
    assert api("GET", "/v1/api-keys").json()["counts"]["active"] == 1


def test_403_without_the_scope(api: Api) -> None:
    reader = api.with_key(api.create(scopes=["keys:read"])["key"])
    reply = reader("POST", "/v1/api-keys", json=DRAFT)

    assert (reply.status_code, code(reply)) == (403, "SCOPE_INSUFFICIENT")
    assert reply.json()["error"]["details"] == {"required": "keys:write"}


def test_403_names_all_that_is_too_much(api: Api, clock: SettableClock) -> None:
    site = api.site()
    limited = api.create(
        scopes=["keys:write", "keys:read"], siteIds=[site], expiresAt="2026-04-01T00:00:00Z"
    )
    body = {"name": "more", "scopes": ["keys:read", "audit:read"], "siteIds": ["*"]}
    reply = api.with_key(limited["key"])("POST", "/v1/api-keys", json=body)

    assert (reply.status_code, code(reply)) == (403, "SCOPE_ESCALATION")
    expected = {"scopes": ["audit:read"], "siteIds": ["*"], "expiresAt": None}
    assert reply.json()["error"]["details"] == expected
    assert clock.now == START


def test_key_that_expires_grants_nothing_that_outlives_it(api: Api) -> None:
    expiring = api.create(scopes=["keys:write"], expiresAt="2026-04-01T00:00:00Z")
    grant = {"name": "x", "scopes": ["keys:write"], "siteIds": ["*"]}

    def status(expiry: str) -> int:
        body = grant | {"expiresAt": expiry}
        return api.with_key(expiring["key"])("POST", "/v1/api-keys", json=body).status_code

    assert status("2026-04-01T00:00:00.000Z") == 201
    assert status("2026-04-01T00:00:00.001Z") == 403


def test_403_is_the_same_for_a_site_that_is_absent_foreign_or_not_mine(
    api: Api, other_api: Api
) -> None:
    mine, not_mine, foreign = api.site("A"), api.site("B"), other_api.site("C")
    limited = api.create(scopes=["keys:write", "visitors:read"], siteIds=[mine])
    errors: list[dict[str, object]] = []
    for site in ("site_absent", not_mine, foreign):
        body = {"name": "x", "scopes": ["visitors:read"], "siteIds": [mine, site]}
        reply = api.with_key(limited["key"])("POST", "/v1/api-keys", json=body)
        assert (reply.status_code, code(reply)) == (403, "SITE_FORBIDDEN")
        errors.append({**reply.json()["error"], "requestId": None})

    assert errors[0]["details"] == {"pointer": "/siteIds/1"}
    assert errors[0] == errors[1] == errors[2]


def test_409_when_the_quota_is_reached_and_room_again_after_a_deletion(
    api: Api, max_keys: int
) -> None:
    made = [api.create() for _ in range(max_keys - 1)]
    full = api("POST", "/v1/api-keys", json=DRAFT)
    assert (full.status_code, code(full)) == (409, "KEY_QUOTA_REACHED")

    api("POST", f"/v1/api-keys/{made[0]['id']}/revoke")
    api("DELETE", f"/v1/api-keys/{made[0]['id']}")

    assert api("POST", "/v1/api-keys", json=DRAFT).status_code == 201


def test_rotation_is_due_90_days_after_the_value_was_made(api: Api, clock: SettableClock) -> None:
    key = api.create()
    clock.advance(days=10)
    api("POST", f"/v1/api-keys/{key['id']}/rotate")

    due = api("GET", f"/v1/api-keys/{key['id']}").json()["rotationDueAt"]

    assert due == "2026-06-09T09:30:00.000Z"
    assert clock.now == START + 10 * DAY_MS
