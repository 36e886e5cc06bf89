"""listSites, createSite, getSite."""

import pytest
from world import Api, SettableClock, code, pointers, without_request_id


def test_created_site_is_answered_shown_and_listed(api: Api) -> None:
    reply = api("POST", "/v1/sites", json={"name": "Lab", "address": "1 Dock Street"})

    site = reply.json()
    assert reply.status_code == 201
    assert reply.headers["location"] == f"/v1/sites/{site['id']}"
    assert (site["name"], site["address"]) == ("Lab", "1 Dock Street")
    assert api("GET", f"/v1/sites/{site['id']}").json() == site
    assert api("GET", "/v1/sites").json() == {"data": [site], "nextCursor": None}


def test_pages_hold_every_site_once_newest_first(api: Api, clock: SettableClock) -> None:
    made: list[str] = []
    for number in range(5):
        made.insert(0, api.site(str(number)))
        clock.advance(seconds=1)

    first = api("GET", "/v1/sites?limit=2").json()
    second = api("GET", f"/v1/sites?limit=2&cursor={first['nextCursor']}").json()
    third = api("GET", f"/v1/sites?limit=2&cursor={second['nextCursor']}").json()

    pages = [first, second, third]
    assert [site["id"] for page in pages for site in page["data"]] == made
    assert third["nextCursor"] is None


def test_limited_key_sees_only_its_own_sites_and_makes_none(api: Api) -> None:
    mine, other = api.site("A"), api.site("B")
    made = api.create(scopes=["sites:read", "sites:write"], siteIds=[mine])
    limited = api.with_key(made["key"])

    assert [site["id"] for site in limited("GET", "/v1/sites").json()["data"]] == [mine]
    assert limited("GET", f"/v1/sites/{mine}").status_code == 200
    assert limited("GET", f"/v1/sites/{other}").status_code == 404
    refused = limited("POST", "/v1/sites", json={"name": "C"})
    assert (refused.status_code, code(refused)) == (403, "SITE_FORBIDDEN")


def test_absent_and_foreign_sites_look_the_same(api: Api, other_api: Api) -> None:
    replies = [api("GET", f"/v1/sites/{site}") for site in ("site_absent", other_api.site("X"))]

    assert [reply.status_code for reply in replies] == [404, 404]
    assert without_request_id(replies[0]) == without_request_id(replies[1])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["/name"]),
        ({"name": "\t"}, ["/name"]),
        ({"name": "x", "address": "y" * 301}, ["/address"]),
        ({"name": "x", "id": "site_mine"}, ["/id"]),
    ],
    ids=str,
)
def test_400_points_at_each_bad_member(
    api: Api, body: dict[str, object], expected: list[str]
) -> None:
    reply = api("POST", "/v1/sites", json=body)

    assert (reply.status_code, pointers(reply)) == (400, expected)
    assert api("GET", "/v1/sites").json()["data"] == []


def test_403_without_the_scope(api: Api) -> None:
    blind = api.with_key(api.create(scopes=["keys:read"])["key"])

    assert blind("GET", "/v1/sites").json()["error"]["details"] == {"required": "sites:read"}
    reply = blind("POST", "/v1/sites", json={"name": "x"})
    assert reply.json()["error"]["details"] == {"required": "sites:write"}
