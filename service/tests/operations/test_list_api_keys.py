from typing import Any

import pytest
from world import Api, Organization, SettableClock, code, pointers, without_request_id

pytestmark = pytest.mark.both_stores


def names(api: Api, query: str = "") -> list[str]:
    reply = api("GET", f"/v1/api-keys{query}")
    assert reply.status_code == 200, reply.text
    return [key["name"] for key in reply.json()["data"]]


def walk(api: Api, query: str) -> list[dict[str, Any]]:
    """Answer every page."""
    pages = [api("GET", f"/v1/api-keys?{query}").json()]
    while cursor := pages[-1]["nextCursor"]:
        pages.append(api("GET", f"/v1/api-keys?{query}&cursor={cursor}").json())
    return pages


def test_200_answers_newest_first(api: Api, clock: SettableClock) -> None:
    for name in ("first", "second", "third"):
        clock.advance(seconds=1)
        api.create(name=name)

    assert names(api) == ["third", "second", "first", "admin"]


def test_pages_hold_every_key_once_even_of_the_same_moment(api: Api) -> None:
    made = {api.create()["id"] for _ in range(7)}

    pages = walk(api, "limit=3")

    ids = [key["id"] for page in pages for key in page["data"]]
    assert [len(page["data"]) for page in pages] == [3, 3, 2]
    assert len(ids) == len(set(ids))
    assert made < set(ids)


def test_page_that_ends_with_the_last_item_has_no_next(api: Api) -> None:
    api.create()

    assert api("GET", "/v1/api-keys?limit=2").json()["nextCursor"] is None


def test_walk_misses_nothing_and_repeats_nothing_while_others_write(
    api: Api, clock: SettableClock
) -> None:
    before = []
    for number in range(6):
        clock.advance(seconds=1)
        before.append(api.create(name=f"old {number}")["id"])
    first = api("GET", "/v1/api-keys?limit=3").json()
    clock.advance(seconds=1)
    api.create(name="new")
    api("POST", f"/v1/api-keys/{before[5]}/revoke")
    api("DELETE", f"/v1/api-keys/{before[5]}")

    rest = api("GET", f"/v1/api-keys?limit=100&cursor={first['nextCursor']}").json()

    seen = [key["id"] for key in first["data"] + rest["data"]]
    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)


def test_status_filters_and_counts_ignore_it(api: Api, clock: SettableClock) -> None:
    api.create(name="expiring", expiresAt="2026-03-02T00:00:00Z")
    revoked = api.create(name="revoked", expiresAt="2026-03-02T00:00:00Z")["id"]
    api("POST", f"/v1/api-keys/{revoked}/revoke")
    clock.advance(days=2)

    for status, expected in (("active", "admin"), ("expired", "expiring"), ("revoked", "revoked")):
        page = api("GET", f"/v1/api-keys?status={status}").json()
        assert [key["name"] for key in page["data"]] == [expected]
        assert page["counts"] == {"active": 1, "expired": 1, "revoked": 1}


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("sync", ["HR-Sync 100%"]),
        ("SYNC", ["HR-Sync 100%"]),
        ("100%25", ["HR-Sync 100%"]),
        ("%25", ["HR-Sync 100%"]),
        ("_", ["under_score"]),
        ("%5C", []),
        ("stra%C3%9Fe", ["STRASSE"]),
        ("%C3%89COLE", ["école"]),
        ("e", ["STRASSE", "e\u0301cole", "under_score", "école"]),
        ("1", ["HR-Sync 100%"]),
        ("+", ["HR-Sync 100%"]),
    ],
)
def test_q_is_a_literal_in_any_case(api: Api, q: str, found: list[str]) -> None:
    for name in ("HR-Sync 100%", "under_score", "STRASSE", "école", "e\u0301cole", "\u2460"):
        api.create(name=name)

    assert sorted(names(api, f"?q={q}")) == sorted(found)
    assert api("GET", f"/v1/api-keys?q={q}").json()["counts"]["active"] == len(found)


def test_site_filter_finds_keys_that_cover_the_site(api: Api) -> None:
    here, there = api.site("A"), api.site("B")
    api.create(name="here", siteIds=[here])
    api.create(name="both", siteIds=[here, there])
    api.create(name="there", siteIds=[there])

    page = api("GET", f"/v1/api-keys?siteId={here}").json()

    assert {key["name"] for key in page["data"]} == {"here", "both", "admin"}
    assert page["counts"]["active"] == 3


def test_limited_actor_meets_only_keys_within_its_sites(api: Api) -> None:
    mine, other = api.site("A"), api.site("B")
    limited = api.create(name="itself", scopes=["keys:read"], siteIds=[mine])
    for sites in ([mine], [other], [mine, other], ["*"]):
        api.create(name=str(sites), siteIds=sites)

    page = api.with_key(limited["key"])("GET", "/v1/api-keys").json()

    assert {key["name"] for key in page["data"]} == {"itself", str([mine])}
    assert page["counts"] == {"active": 2, "expired": 0, "revoked": 0}


def test_other_organisations_keys_are_not_listed(api: Api, other_api: Api) -> None:
    other_api.create(name="foreign")

    assert names(api) == ["admin"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", ["/query/limit"]),
        ("limit=101", ["/query/limit"]),
        ("limit=1_0", ["/query/limit"]),
        ("limit=%D9%A1", ["/query/limit"]),
        ("limit=%201", ["/query/limit"]),
        ("limit=+1", ["/query/limit"]),
        ("limit=01", ["/query/limit"]),
        ("limit=", ["/query/limit"]),
        ("limit", ["/query/limit"]),
        ("limit=1&limit=1", ["/query/limit"]),
        ("limit=99999999999999999999", ["/query/limit"]),
        ("status=gone", ["/query/status"]),
        ("status=Active", ["/query/status"]),
        ("q=", ["/query/q"]),
        ("q=%00", ["/query/q"]),
        ("q=%FF", ["/query/q"]),
        ("q=%zz", ["/query/q"]),
        ("q=" + "x" * 101, ["/query/q"]),
        ("cursor=abc", ["/query/cursor"]),
        ("cursor=%20", ["/query/cursor"]),
        ("x=1&limit=0&status=2", ["/query/limit", "/query/status", "/query/x"]),
        ("a/b=1", ["/query/a~1b"]),
        ("%FF=1", ["/query"]),
        ("&", ["/query/"]),
        ("x=1&x=2&y&x", ["/query/x", "/query/y"]),
        ("%&%FF&%00", ["/query"]),
        ("limit=1&limit=2&limit=3", ["/query/limit"]),
        ("limit=0&limit=1", ["/query/limit", "/query/limit"]),
        ("cursor=", ["/query/cursor"]),
    ],
)
def test_400_points_at_each_bad_parameter(api: Api, query: str, expected: list[str]) -> None:
    reply = api("GET", f"/v1/api-keys?{query}")

    assert (reply.status_code, code(reply)) == (400, "VALIDATION_FAILED")
    assert sorted(pointers(reply)) == expected


def test_400_for_a_cursor_that_was_altered_anywhere(api: Api) -> None:
    api.create()
    cursor = api("GET", "/v1/api-keys?limit=1").json()["nextCursor"]
    for position in range(len(cursor)):
        other = "A" if cursor[position] != "A" else "B"
        altered = cursor[:position] + other + cursor[position + 1 :]
        reply = api("GET", f"/v1/api-keys?limit=1&cursor={altered}")
        assert (reply.status_code, pointers(reply)) == (400, ["/query/cursor"])


def test_400_for_a_cursor_of_other_filters_but_not_of_another_limit(
    api: Api, other_api: Api
) -> None:
    site = api.site()
    api.create(name="a")
    cursor = api("GET", "/v1/api-keys?limit=1&q=a").json()["nextCursor"]

    for query in ("", "q=A&", "q=a&status=active&", f"q=a&siteId={site}&"):
        assert api("GET", f"/v1/api-keys?{query}cursor={cursor}").status_code == 400
    assert other_api("GET", f"/v1/api-keys?q=a&cursor={cursor}").status_code == 400
    assert api("GET", f"/v1/api-keys?q=a&limit=7&cursor={cursor}").status_code == 200


def test_403_is_the_same_for_a_site_that_is_absent_foreign_or_not_mine(
    api: Api, other_api: Api
) -> None:
    mine, not_mine, foreign = api.site("A"), api.site("B"), other_api.site("C")
    limited = api.with_key(api.create(scopes=["keys:read"], siteIds=[mine])["key"])
    replies = [
        limited("GET", f"/v1/api-keys?siteId={site}") for site in ("nope", not_mine, foreign)
    ]

    assert {(reply.status_code, code(reply)) for reply in replies} == {(403, "SITE_FORBIDDEN")}
    assert len({without_request_id(reply) for reply in replies}) == 1
    assert replies[0].json()["error"]["details"] == {"pointer": "/query/siteId"}


def test_403_without_the_scope_comes_before_400(api: Api, acme: Organization) -> None:
    blind = api.with_key(api.create(scopes=["keys:write"])["key"])
    reply = blind("GET", "/v1/api-keys?limit=0")

    assert (reply.status_code, code(reply)) == (403, "SCOPE_INSUFFICIENT")
    assert acme.id not in reply.text
