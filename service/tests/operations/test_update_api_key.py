from typing import Any

import pytest
from world import Api, Organization, SettableClock, code, pointers


@pytest.mark.parametrize(
    ("edit", "shown"),
    [
        ({"name": "renamed"}, {"name": "renamed"}),
        ({"description": "why"}, {"description": "why"}),
        ({"scopes": ["keys:read"]}, {"scopes": ["keys:read"]}),
        ({"expiresAt": "2030-01-01T00:00:00Z"}, {"expiresAt": "2030-01-01T00:00:00.000Z"}),
        (
            {"rateLimit": {"requests": 5}},
            {"rateLimit": {"requests": 5, "windowSeconds": 7}},
        ),
        (
            {"rateLimit": {"windowSeconds": 9, "requests": 3}},
            {"rateLimit": {"requests": 3, "windowSeconds": 9}},
        ),
        ({"rateLimit": None}, {"rateLimit": {"requests": 600, "windowSeconds": 60}}),
        ({"description": None, "expiresAt": None}, {"description": None, "expiresAt": None}),
    ],
    ids=str,
)
def test_200_changes_what_the_body_names_and_nothing_else(
    api: Api, clock: SettableClock, edit: dict[str, Any], shown: dict[str, Any]
) -> None:
    made = api.create(
        scopes=["keys:read", "sites:read"],
        description="before",
        expiresAt="2029-01-01T00:00:00Z",
        rateLimit={"requests": 2, "windowSeconds": 7},
    )
    value = made.pop("key")
    clock.advance(seconds=1)

    reply = api("PATCH", f"/v1/api-keys/{made['id']}", json=edit)

    assert reply.status_code == 200
    assert reply.json() == {**made, **shown, "updatedAt": "2026-03-01T09:30:01.000Z"}
    assert api("GET", f"/v1/api-keys/{made['id']}").json() == reply.json()
    assert api.with_key(value)("GET", "/v1/api-keys/current").status_code == 200


def test_sites_can_be_changed(api: Api) -> None:
    first, second = api.site("A"), api.site("B")
    key = api.create(siteIds=[first])["id"]

    for site_ids in ([second], sorted([first, second]), ["*"], [first]):
        edited = api("PATCH", f"/v1/api-keys/{key}", json={"siteIds": site_ids})
        assert edited.json()["siteIds"] == site_ids


def test_narrowed_scope_holds_for_the_very_next_request(api: Api) -> None:
    made = api.create(scopes=["keys:read", "sites:read"])
    holder = api.with_key(made["key"])
    assert holder("GET", "/v1/sites").status_code == 200

    api("PATCH", f"/v1/api-keys/{made['id']}", json={"scopes": ["keys:read"]})

    assert holder("GET", "/v1/sites").status_code == 403


@pytest.mark.parametrize(
    "edit", [{}, {"name": "same"}, {"description": None, "scopes": ["keys:read"]}]
)
def test_edit_that_changes_nothing_leaves_no_trace(
    api: Api, clock: SettableClock, edit: dict[str, Any]
) -> None:
    made = api.create(name="same", scopes=["keys:read"])
    del made["key"]
    clock.advance(seconds=1)

    reply = api("PATCH", f"/v1/api-keys/{made['id']}", json=edit)

    assert (reply.status_code, reply.json()) == (200, made)


def test_later_expiry_makes_an_expired_key_active(api: Api, clock: SettableClock) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    clock.advance(days=2)
    assert api.with_key(made["key"])("GET", "/v1/api-keys/current").status_code == 401

    path = f"/v1/api-keys/{made['id']}"
    edited = api("PATCH", path, json={"expiresAt": "2026-04-01T00:00:00Z"})

    assert edited.json()["status"] == "active"
    assert api.with_key(made["key"])("GET", "/v1/api-keys/current").status_code == 200


def test_expired_key_can_be_renamed_and_stays_expired(api: Api, clock: SettableClock) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    clock.advance(days=2)

    edited = api("PATCH", f"/v1/api-keys/{made['id']}", json={"name": "late"}).json()

    assert (edited["name"], edited["status"]) == ("late", "expired")


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"name": None}, ["/name"]),
        ({"scopes": None}, ["/scopes"]),
        ({"scopes": []}, ["/scopes"]),
        ({"siteIds": None}, ["/siteIds"]),
        ({"expiresAt": "2026-03-01T09:29:59Z"}, ["/expiresAt"]),
        ({"rateLimit": {"requests": None}}, ["/rateLimit/requests"]),
        ({"rateLimit": {"burst": 5}}, ["/rateLimit/burst"]),
        ({"key": "kfb_mine", "status": "active"}, ["/key", "/status"]),
        ([], [""]),
    ],
    ids=str,
)
def test_400_points_at_each_bad_member_and_changes_nothing(
    api: Api, edit: object, expected: list[str]
) -> None:
    made = api.create()
    del made["key"]

    reply = api("PATCH", f"/v1/api-keys/{made['id']}", json=edit)

    assert (reply.status_code, code(reply)) == (400, "VALIDATION_FAILED")
    assert sorted(pointers(reply)) == expected
    assert api("GET", f"/v1/api-keys/{made['id']}").json() == made


def test_400_without_a_body(api: Api, acme: Organization) -> None:
    reply = api("PATCH", f"/v1/api-keys/{acme.key_id}")

    assert (reply.status_code, pointers(reply)) == (400, [""])


def test_403_when_the_key_holds_more_than_the_actor_before_or_after(api: Api) -> None:
    writer = api.with_key(api.create(scopes=["keys:write", "sites:read"])["key"])
    wider = api.create(scopes=["sites:read", "audit:read"])["id"]
    narrower = api.create(scopes=["sites:read"])["id"]

    before = writer("PATCH", f"/v1/api-keys/{wider}", json={"scopes": ["sites:read"]})
    after = writer("PATCH", f"/v1/api-keys/{narrower}", json={"scopes": ["sites:write"]})

    assert (before.status_code, code(before)) == (403, "SCOPE_ESCALATION")
    assert before.json()["error"]["details"] == {"scopes": ["audit:read"]}
    assert (after.status_code, code(after)) == (403, "SCOPE_ESCALATION")
    assert after.json()["error"]["details"] == {"scopes": ["sites:write"]}
    assert writer("PATCH", f"/v1/api-keys/{narrower}", json={"name": "ok"}).status_code == 200


def test_key_cannot_widen_or_prolong_itself(api: Api) -> None:
    made = api.create(scopes=["keys:write"], expiresAt="2026-04-01T00:00:00Z")
    itself = api.with_key(made["key"])
    for edit in ({"scopes": ["keys:write", "keys:read"]}, {"expiresAt": None}):
        reply = itself("PATCH", f"/v1/api-keys/{made['id']}", json=edit)
        assert (reply.status_code, code(reply)) == (403, "SCOPE_ESCALATION")


def test_403_for_a_site_that_is_not_mine_comes_before_escalation(api: Api) -> None:
    key = api.create(scopes=["sites:read"])["id"]
    writer = api.with_key(api.create(scopes=["keys:write", "sites:read"])["key"])
    edit = {"siteIds": ["site_absent"], "scopes": ["audit:read"]}

    reply = writer("PATCH", f"/v1/api-keys/{key}", json=edit)

    assert (reply.status_code, code(reply)) == (403, "SITE_FORBIDDEN")
    assert reply.json()["error"]["details"] == {"pointer": "/siteIds/0"}


def test_404_comes_before_403_for_sites(api: Api) -> None:
    reply = api("PATCH", "/v1/api-keys/key_absent", json={"siteIds": ["site_absent"]})

    assert reply.status_code == 404


def test_409_for_a_revoked_key_even_if_nothing_would_change(api: Api) -> None:
    made = api.create()
    api("POST", f"/v1/api-keys/{made['id']}/revoke")

    reply = api("PATCH", f"/v1/api-keys/{made['id']}", json={})

    assert (reply.status_code, code(reply)) == (409, "KEY_IS_REVOKED")


def test_403_comes_before_409(api: Api) -> None:
    wider = api.create(scopes=["audit:read"])["id"]
    api("POST", f"/v1/api-keys/{wider}/revoke")
    writer = api.with_key(api.create(scopes=["keys:write"])["key"])

    assert writer("PATCH", f"/v1/api-keys/{wider}", json={"name": "x"}).status_code == 403
