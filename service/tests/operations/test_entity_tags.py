"""``ETag`` and ``If-Match`` on keys (RFC 9110)."""

from typing import Any

import pytest
from world import Api, SettableClock, code, pointers


def tag(api: Api, key_id: str) -> str:
    return api("GET", f"/v1/api-keys/{key_id}").headers["etag"]


def test_every_reply_with_a_key_carries_the_tag_of_its_configuration(api: Api) -> None:
    made = api(
        "POST", "/v1/api-keys", json={"name": "x", "scopes": ["keys:read"], "siteIds": ["*"]}
    )
    path = made.headers["location"]
    tags = [made.headers["etag"], api("GET", path).headers["etag"]]
    for change in (
        lambda: api("PATCH", path, json={"name": "y"}),
        lambda: api("POST", f"{path}/rotate"),
        lambda: api("POST", f"{path}/revoke"),
        lambda: api("POST", f"{path}/reactivate"),
    ):
        tags += [change().headers["etag"], api("GET", path).headers["etag"]]

    assert tags[::2] == tags[1::2]
    assert len(set(tags)) == 5


def test_use_time_and_edits_that_change_nothing_leave_the_tag(
    api: Api, clock: SettableClock
) -> None:
    made = api.create(name="x", expiresAt="2026-03-02T00:00:00Z")
    before = tag(api, made["id"])

    api.with_key(made["key"])("GET", "/v1/api-keys/current")
    api("PATCH", f"/v1/api-keys/{made['id']}", json={"name": "x"})
    clock.advance(days=2)

    assert tag(api, made["id"]) == before


@pytest.mark.parametrize("condition", ["{}", '"0", {}', "*", None])
def test_edit_goes_ahead_if_the_tag_matches(api: Api, condition: str | None) -> None:
    key = api.create()["id"]
    headers = {"If-Match": condition.replace("{}", tag(api, key))} if condition else {}

    assert api("PATCH", f"/v1/api-keys/{key}", json={"name": "y"}, headers=headers).is_success


@pytest.mark.parametrize("condition", ['"0"', "W/{}", '"0", W/{}', '""', '"999999999999999999999"'])
def test_412_and_nothing_changes_if_it_does_not(api: Api, condition: str) -> None:
    key = api.create(name="x")["id"]
    headers = {"If-Match": condition.replace("{}", tag(api, key))}
    reply = api("PATCH", f"/v1/api-keys/{key}", json={"name": "y"}, headers=headers)

    assert (reply.status_code, code(reply)) == (412, "PRECONDITION_FAILED")
    assert api("GET", f"/v1/api-keys/{key}").json()["name"] == "x"


def test_of_two_edits_from_the_same_reading_the_second_is_refused(api: Api) -> None:
    key = api.create()["id"]
    read = {"If-Match": tag(api, key)}

    first = api("PATCH", f"/v1/api-keys/{key}", json={"name": "first"}, headers=read)
    second = api("PATCH", f"/v1/api-keys/{key}", json={"name": "second"}, headers=read)

    assert [first.status_code, second.status_code] == [200, 412]


@pytest.mark.parametrize("odd", ["3", '"3', "", '"a" "b"'])
def test_400_for_what_is_no_entity_tag(api: Api, odd: str) -> None:
    key = api.create()["id"]
    reply = api("PATCH", f"/v1/api-keys/{key}", json={"name": "y"}, headers={"If-Match": odd})

    assert reply.status_code == 400
    assert set(pointers(reply)) == {"/header/If-Match"}


@pytest.mark.parametrize(
    ("edit", "status"), [({"siteIds": ["site_no"]}, 403), ({"name": ""}, 400), ({}, 409)]
)
def test_412_comes_last(api: Api, edit: dict[str, Any], status: int) -> None:
    key = api.create()["id"]
    stale = {"If-Match": '"0"'}
    if status == 409:
        api("POST", f"/v1/api-keys/{key}/revoke")

    assert api("PATCH", f"/v1/api-keys/{key}", json=edit, headers=stale).status_code == status
    missing = api("PATCH", "/v1/api-keys/key_no", json={"name": "y"}, headers=stale)
    assert missing.status_code == 404
