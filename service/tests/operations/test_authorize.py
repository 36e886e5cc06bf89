import json

import pytest
from world import Api, SettableClock, code, pointers, without_request_id


def test_200_tells_the_service_behind_who_is_calling(api: Api) -> None:
    made = api.create(scopes=["visitors:read", "employees:write"])
    reply = api.with_key(made["key"])("GET", "/v1/authorize?scope=visitors:read")

    assert reply.status_code == 200
    assert reply.json() == {
        "keyId": made["id"],
        "organizationId": made["organizationId"],
        "scopes": ["visitors:read", "employees:write"],
    }
    assert reply.headers["x-keyfob-key-id"] == made["id"]
    assert reply.headers["x-keyfob-organization-id"] == made["organizationId"]
    assert reply.headers["x-keyfob-scopes"] == "visitors:read employees:write"


def test_refusals_come_once_more_in_a_header_for_gateways_that_drop_bodies(api: Api) -> None:
    limited = api.create(rateLimit={"requests": 3, "windowSeconds": 60})
    holder = api.with_key(limited["key"])
    refusals = [
        api.with_key(None)("GET", "/v1/authorize"),
        holder("GET", "/v1/authorize?scope=keys:write"),
        holder("GET", "/v1/authorize?siteId=%C3%A9"),
        holder("GET", "/v1/authorize?%C3%A9=1"),
        holder("GET", "/v1/authorize"),
    ]

    assert [reply.status_code for reply in refusals] == [401, 403, 403, 400, 429]
    for reply in refusals:
        assert json.loads(reply.headers["x-keyfob-error"]) == reply.json()
        assert reply.headers["x-keyfob-error"].isascii()
    assert "x-keyfob-error" not in api("GET", "/v1/api-keys?limit=0").headers


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("&".join(f"{number:03}" for number in range(100)), range(1, 100)),
        ("&".join("%C3%A9" * 50 + str(number) for number in range(20)), range(1, 20)),
        ("%C3%A9" * 500, range(1)),
        ("short&" + "x" * 5000, range(1, 2)),
    ],
    ids=["many", "many-long", "one-too-long", "the-last-too-long"],
)
def test_refusal_in_the_header_is_cut_to_what_gateways_take(
    api: Api, query: str, kept: range
) -> None:
    """Their buffers hold 4 to 8 KB, for all headers of a reply together."""
    reply = api("GET", f"/v1/authorize?{query}")

    assert reply.status_code == 400
    line = reply.headers["x-keyfob-error"]
    assert len(line) <= 2048
    short, whole = json.loads(line)["error"], reply.json()["error"]
    fields = short.pop("details").get("fields", [])
    assert len(fields) in kept
    assert fields == whole.pop("details")["fields"][: len(fields)]
    assert short == whole


def test_any_live_key_passes_when_nothing_is_asked(api: Api) -> None:
    limited = api.create(siteIds=[api.site()])

    assert api.with_key(limited["key"])("GET", "/v1/authorize").status_code == 200


def test_403_without_the_scope_asked(api: Api) -> None:
    reply = api.with_key(api.create()["key"])("GET", "/v1/authorize?scope=visitors:write")

    assert (reply.status_code, code(reply)) == (403, "SCOPE_INSUFFICIENT")
    assert reply.json()["error"]["details"] == {"required": "visitors:write"}
    assert "x-keyfob-key-id" not in reply.headers


def test_403_is_the_same_for_every_site_that_the_key_does_not_cover(
    api: Api, other_api: Api
) -> None:
    mine, not_mine, foreign = api.site("A"), api.site("B"), other_api.site("C")
    limited = api.with_key(api.create(siteIds=[mine])["key"])
    sites = ("nowhere", not_mine, foreign)
    replies = [limited("GET", f"/v1/authorize?siteId={site}") for site in sites]

    assert {(reply.status_code, code(reply)) for reply in replies} == {(403, "SITE_FORBIDDEN")}
    assert len({without_request_id(reply) for reply in replies}) == 1
    assert limited("GET", f"/v1/authorize?siteId={mine}").status_code == 200


def test_403_for_an_absent_site_even_with_a_key_for_every_site(api: Api, other_api: Api) -> None:
    for site in ("nowhere", other_api.site()):
        assert api("GET", f"/v1/authorize?siteId={site}").status_code == 403
    assert api("GET", f"/v1/authorize?siteId={api.site()}").status_code == 200


def test_400_for_an_unknown_scope(api: Api) -> None:
    reply = api("GET", "/v1/authorize?scope=everything&x=1")

    assert reply.status_code == 400
    assert sorted(pointers(reply)) == ["/query/scope", "/query/x"]


@pytest.mark.parametrize(
    ("change", "why"),
    [("rotate", "API_KEY_ROTATED"), ("revoke", "API_KEY_REVOKED"), ("expire", "API_KEY_EXPIRED")],
)
def test_dead_key_is_refused_by_the_very_next_request(
    api: Api, clock: SettableClock, change: str, why: str
) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    holder = api.with_key(made["key"])
    assert holder("GET", "/v1/authorize").status_code == 200

    if change == "expire":
        clock.advance(days=2)
    else:
        api("POST", f"/v1/api-keys/{made['id']}/{change}")

    reply = holder("GET", "/v1/authorize")
    assert (reply.status_code, code(reply)) == (401, why)
