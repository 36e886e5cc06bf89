from typing import Any

import pytest
from world import Api, Organization, SettableClock, code, pointers, without_request_id

pytestmark = pytest.mark.both_stores

PATH = "/v1/audit-events"


def events(api: Api, query: str = "") -> list[dict[str, Any]]:
    reply = api("GET", f"{PATH}?limit=100&{query}" if query else f"{PATH}?limit=100")
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


def told(api: Api, query: str = "") -> list[tuple[str, str]]:
    """Answer what was done to what, newest first."""
    return [(event["action"], event["target"]["id"]) for event in events(api, query)]


def delete(api: Api, key_id: str) -> None:
    assert api("POST", f"/v1/api-keys/{key_id}/revoke").status_code == 200
    assert api("DELETE", f"/v1/api-keys/{key_id}").status_code == 204


def test_200_tells_who_did_what_when_and_in_which_request(
    api: Api, acme: Organization, clock: SettableClock
) -> None:
    key = api.create(name="before")["id"]
    clock.advance(seconds=1)
    renamed = api("PATCH", f"/v1/api-keys/{key}", json={"name": "after"})

    event = events(api)[0]

    assert event.pop("id").startswith("evt_")
    assert event == {
        "at": "2026-03-01T09:30:01.000Z",
        "action": "apiKey.updated",
        "actor": {"type": "apiKey", "id": acme.key_id},
        "target": {"type": "apiKey", "id": key},
        "before": {"name": "before"},
        "after": {"name": "after"},
        "requestId": renamed.headers["x-request-id"],
    }


def test_newest_first_and_of_one_moment_the_last_first(api: Api, acme: Organization) -> None:
    key = api.create()["id"]
    site = api.site()
    api("POST", f"/v1/api-keys/{key}/rotate")

    listed = told(api)

    assert listed[:4] == [
        ("apiKey.rotated", key),
        ("site.created", site),
        ("apiKey.created", key),
        ("apiKey.created", acme.key_id),
    ]
    assert [action for action, _ in listed[4:]] == ["admin.created", "organization.created"]
    assert events(api)[-1]["actor"] == {"type": "operator", "id": "operator"}
    assert events(api)[-1]["requestId"] is None


def test_reading_leaves_nothing(api: Api) -> None:
    before = events(api)
    for path in (PATH, "/v1/api-keys", "/v1/api-keys/current", "/v1/sites"):
        assert api("GET", path).status_code == 200

    assert events(api) == before


def test_filters_narrow_alone_and_together(
    api: Api, acme: Organization, clock: SettableClock
) -> None:
    writer = api.create(name="writer", scopes=["keys:write", "visitors:read"])
    mine = api.with_key(writer["key"]).create(name="mine")["id"]
    clock.advance(seconds=1)
    api("POST", f"/v1/api-keys/{mine}/rotate")
    delete(api, mine)
    clock.advance(seconds=1)
    gone = ("apiKey.deleted", mine)
    revoked, rotated, created = (f"apiKey.{x}" for x in ("revoked", "rotated", "created"))
    of_mine = [gone, (revoked, mine), (rotated, mine), (created, mine)]
    moment = "2026-03-01T09:30:01Z"

    assert told(api, f"keyId={mine}") == of_mine
    assert told(api, f"actor={writer['id']}") == [(created, mine)]
    assert told(api, f"actor={acme.key_id}") == [*of_mine[:3], (created, writer["id"])]
    assert told(api, "actor=operator&action=apiKey.created") == [(created, acme.key_id)]
    assert told(api, "action=apiKey.deleted") == [gone]
    assert told(api, f"since={moment}") == of_mine[:3]
    assert told(api, f"until={moment}&action={created}")[0] == (created, mine)
    assert told(api, f"until={moment}&keyId={mine}") == [(created, mine)]
    assert (
        told(api, "since=2026-03-01T10:30:01%2B01:00&until=2026-03-01T09:30:01.001Z")
        == (of_mine[:3])
    )
    for nothing in (
        f"since={moment}&until={moment}",
        "since=2026-03-01T09:30:01.001Z",
        "until=2026-03-01T09:30:00Z",
        f"keyId={mine}&actor=operator",
        "actor=nobody",
        "keyId=key_absent",
        f"keyId={acme.id}",
        "until=0001-01-01T00:00:00Z",
    ):
        assert told(api, nothing) == []


@pytest.mark.parametrize(
    "query",
    ["", "action=site.created&", "since=2026-03-01T09:30:00Z&", "until=2026-03-01T09:30:03Z&"],
)
def test_pages_hold_every_event_once_while_others_write(
    api: Api, clock: SettableClock, query: str
) -> None:
    for number in range(7):
        api.site(str(number))
        clock.advance(seconds=number % 2)
    before = [event["id"] for event in events(api, query.rstrip("&"))]

    pages = [api("GET", f"{PATH}?{query}limit=3").json()]
    while cursor := pages[-1]["nextCursor"]:
        api.site("meanwhile")
        pages.append(api("GET", f"{PATH}?{query}limit=3&cursor={cursor}").json())

    assert [event["id"] for page in pages for event in page["data"]] == before
    assert all(len(page["data"]) == 3 for page in pages[:-1])


def test_page_that_ends_with_the_last_event_has_no_next(api: Api) -> None:
    total = len(events(api))

    assert api("GET", f"{PATH}?limit={total}").json()["nextCursor"] is None
    assert api("GET", f"{PATH}?limit={total - 1}").json()["nextCursor"] is not None


def test_400_for_a_cursor_that_was_altered_anywhere(api: Api) -> None:
    cursor = api("GET", f"{PATH}?limit=1").json()["nextCursor"]
    for position in range(len(cursor)):
        other = "A" if cursor[position] != "A" else "B"
        altered = cursor[:position] + other + cursor[position + 1 :]
        reply = api("GET", f"{PATH}?limit=1&cursor={altered}")
        assert (reply.status_code, pointers(reply)) == (400, ["/query/cursor"])


def test_400_for_a_cursor_of_other_filters_or_another_list_but_not_of_another_limit(
    api: Api, other_api: Api, acme: Organization
) -> None:
    api.create()
    filters = [
        f"keyId={acme.key_id}&",
        "actor=operator&",
        "action=apiKey.created&",
        "since=2026-03-01T09:30:00Z&",
        "until=2026-03-01T09:30:01Z&",
    ]
    cursor = api("GET", f"{PATH}?limit=1").json()["nextCursor"]

    for query in filters:
        assert api("GET", f"{PATH}?{query}cursor={cursor}").status_code == 400
    assert other_api("GET", f"{PATH}?cursor={cursor}").status_code == 400
    assert api("GET", f"/v1/api-keys?cursor={cursor}").status_code == 400
    assert api("GET", f"/v1/sites?cursor={cursor}").status_code == 400
    of_keys = api("GET", "/v1/api-keys?limit=1").json()["nextCursor"]
    assert api("GET", f"{PATH}?cursor={of_keys}").status_code == 400
    assert api("GET", f"{PATH}?limit=7&cursor={cursor}").status_code == 200
    since = api("GET", f"{PATH}?{filters[3]}limit=1").json()["nextCursor"]
    same_moment = "since=2026-03-01T10:30:00%2B01:00"
    assert api("GET", f"{PATH}?{same_moment}&cursor={since}").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", ["/query/limit"]),
        ("limit=101", ["/query/limit"]),
        ("action=apiKey.used", ["/query/action"]),
        ("action=", ["/query/action"]),
        ("keyId=", ["/query/keyId"]),
        ("actor=", ["/query/actor"]),
        ("actor=operator&actor=operator", ["/query/actor"]),
        ("actor_=operator", ["/query/actor_"]),
        ("since=yesterday", ["/query/since"]),
        ("since=2026-03-01", ["/query/since"]),
        ("since=2026-03-01T09:30:00", ["/query/since"]),
        ("until=2026-02-30T00:00:00Z", ["/query/until"]),
        ("until=0001-01-01T00:00:00%2B01:00", ["/query/until"]),
        ("cursor=abc", ["/query/cursor"]),
        ("x=1&limit=0&since=1", ["/query/limit", "/query/since", "/query/x"]),
    ],
)
def test_400_points_at_each_bad_parameter(api: Api, query: str, expected: list[str]) -> None:
    reply = api("GET", f"{PATH}?{query}")

    assert (reply.status_code, code(reply)) == (400, "VALIDATION_FAILED")
    assert sorted(pointers(reply)) == expected


def test_401_without_a_key(api: Api) -> None:
    assert code(api.with_key(None)("GET", PATH)) == "API_KEY_MISSING"


def test_403_without_the_scope_comes_before_400(api: Api) -> None:
    blind = api.with_key(api.create(scopes=["keys:read"])["key"])
    reply = blind("GET", f"{PATH}?limit=0")

    assert (reply.status_code, code(reply)) == (403, "SCOPE_INSUFFICIENT")
    assert reply.json()["error"]["details"] == {"required": "audit:read"}


def test_other_organisations_events_are_hidden_whatever_is_asked(api: Api, other_api: Api) -> None:
    foreign = other_api.create()["id"]
    foreign_actor = events(other_api, f"keyId={foreign}")[0]["actor"]["id"]

    assert told(api, f"keyId={foreign}") == []
    assert told(api, f"actor={foreign_actor}") == []
    assert not {event["id"] for event in events(api)} & {e["id"] for e in events(other_api)}
    absent, hidden = (api("GET", f"{PATH}?keyId={key}") for key in ("key_absent", foreign))
    assert absent.json() == hidden.json()


def test_limited_actor_sees_only_events_about_keys_whose_last_sites_are_its_own(
    api: Api,
) -> None:
    mine, too, other = api.site("A"), api.site("B"), api.site("C")
    limited = api.create(scopes=["audit:read"], siteIds=[mine, too])
    inside = api.create(siteIds=[mine])["id"]
    beyond = [api.create(siteIds=s)["id"] for s in ([other], [mine, other], ["*"])]
    moved_in, moved_out = api.create(siteIds=[other])["id"], api.create(siteIds=[too])["id"]
    api("PATCH", f"/v1/api-keys/{moved_in}", json={"siteIds": [too]})
    api("PATCH", f"/v1/api-keys/{moved_out}", json={"siteIds": ["*"]})
    deleted_inside = api.create(siteIds=[mine, too])["id"]
    deleted_beyond = [api.create(siteIds=s)["id"] for s in ([mine, other], ["*"])]
    for key in (deleted_inside, *deleted_beyond):
        delete(api, key)

    seen = api.with_key(limited["key"])

    assert told(seen) == [
        ("apiKey.deleted", deleted_inside),
        ("apiKey.revoked", deleted_inside),
        ("apiKey.created", deleted_inside),
        ("apiKey.updated", moved_in),
        ("apiKey.created", moved_in),
        ("apiKey.created", inside),
        ("apiKey.created", limited["id"]),
    ]
    for key in (*beyond, moved_out, *deleted_beyond):
        assert told(seen, f"keyId={key}") == []
    assert told(seen, "action=site.created") == []
    first = seen("GET", f"{PATH}?limit=4").json()
    rest = seen("GET", f"{PATH}?limit=4&cursor={first['nextCursor']}").json()
    assert (len(first["data"]), len(rest["data"]), rest["nextCursor"]) == (4, 3, None)


def test_refused_escalation_is_listed_once_though_it_was_tried_thrice(
    api: Api,
) -> None:
    wide = api.create(scopes=["audit:read"])["id"]
    writer = api.create(scopes=["keys:write"])
    attempt = api.with_key(writer["key"])
    body = {"name": "x", "scopes": ["audit:read"], "siteIds": ["*"]}
    replies = [
        attempt("POST", "/v1/api-keys", json=body, headers={"Idempotency-Key": "once"}),
        attempt("POST", f"/v1/api-keys/{wide}/rotate"),
        attempt("PATCH", f"/v1/api-keys/{wide}", json={"name": "y"}),
    ]

    assert [code(reply) for reply in replies] == ["SCOPE_ESCALATION"] * 3
    (event,) = events(api, "action=escalation.refused")
    assert event["actor"] == event["target"] == {"type": "apiKey", "id": writer["id"]}
    assert (event["before"], event["requestId"]) == (None, replies[0].headers["x-request-id"])
    assert event["after"] == {"operation": "createApiKey", "refused": {"scopes": ["audit:read"]}}


def test_repeated_creation_leaves_one_event(api: Api) -> None:
    for _ in range(2):
        api("POST", "/v1/sites", json={"name": "HQ"}, headers={"Idempotency-Key": "once"})

    assert len(events(api, "action=site.created")) == 1


def test_head_answers_as_get_does(api: Api) -> None:
    reply = api("HEAD", PATH)

    assert (reply.status_code, reply.content) == (200, b"")


def test_absent_and_foreign_refusals_are_alike(api: Api, other_api: Api) -> None:
    """A cursor of elsewhere is refused as an invented one is: it proves nothing."""
    cursor = other_api("GET", f"{PATH}?limit=1").json()["nextCursor"]

    replies = [api("GET", f"{PATH}?cursor={each}") for each in (cursor, "invented")]

    assert len({without_request_id(reply) for reply in replies}) == 1
