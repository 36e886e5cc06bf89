"""How a key was used, as the API tells it once it is written down."""

from collections.abc import Callable
from typing import Any

import pytest
from world import Api, Organization, SettableClock, code, pointers, without_request_id

from keyfob.domain.keyfob import Keyfob

Usage = Callable[[str], dict[str, Any]]

HOUR = "2026-03-01T09:00:00.000Z"
NOW = "2026-03-01T09:30:00.000Z"


@pytest.fixture
def usage(api: Api, keyfob: Keyfob) -> Usage:
    """Answers the usage of a key, with a query string if there is one."""

    def ask(key_and_query: str) -> dict[str, Any]:
        keyfob.usage.flush()
        key_id, _, query = key_and_query.partition("?")
        reply = api("GET", f"/v1/api-keys/{key_id}/usage?{query}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    return ask


def outcomes(answer: dict[str, Any]) -> dict[tuple[str | None, str | None, str], int]:
    return {
        (each["operation"], each["scope"], each["outcome"]): each["requests"]
        for each in answer["counters"]
    }


def test_200_of_a_key_that_nobody_uses(api: Api, usage: Usage) -> None:
    made = api.create()

    assert usage(made["id"]) == {
        "keyId": made["id"],
        "since": "2026-01-30T09:30:00.000Z",
        "until": NOW,
        "counters": [],
        "recent": [],
    }


def test_200_counts_and_shows_each_request(api: Api, usage: Usage) -> None:
    made = api.create(scopes=["sites:read"])
    key = api.with_key(made["key"])
    reply = key("GET", "/v1/sites", headers={"User-Agent": "hr-sync/2.1"})
    key("GET", "/v1/sites?limit=0")
    key("GET", "/v1/api-keys")

    answer = usage(made["id"])

    assert outcomes(answer) == {
        ("listSites", None, "OK"): 1,
        ("listSites", None, "VALIDATION_FAILED"): 1,
        ("listApiKeys", None, "SCOPE_INSUFFICIENT"): 1,
    }
    assert {each["hour"] for each in answer["counters"]} == {HOUR}
    assert [each["operation"] for each in answer["recent"]] == ["listApiKeys"] + 2 * ["listSites"]
    first = answer["recent"][-1]
    assert first.pop("durationMs") >= 0
    assert first.pop("client")
    assert first == {
        "requestId": reply.headers["x-request-id"],
        "at": NOW,
        "method": "GET",
        "path": "/v1/sites",
        "operation": "listSites",
        "status": 200,
        "code": "OK",
        "keyId": made["id"],
        "secretVersion": 1,
        "userAgent": "hr-sync/2.1",
    }


def test_200_shows_who_still_uses_dead_and_replaced_values(api: Api, usage: Usage) -> None:
    made = api.create()
    path = f"/v1/api-keys/{made['id']}"
    new = api("POST", f"{path}/rotate").json()["key"]
    api.with_key(made["key"])("GET", "/v1/api-keys/current")
    api("POST", f"{path}/revoke")
    api.with_key(new)("GET", "/v1/api-keys/current")

    answer = usage(made["id"])

    refused = [(each["code"], each["secretVersion"]) for each in answer["recent"]]
    assert refused == [("API_KEY_REVOKED", 2), ("API_KEY_ROTATED", 1)]
    assert outcomes(answer) == {
        ("getCurrentApiKey", None, "API_KEY_ROTATED"): 1,
        ("getCurrentApiKey", None, "API_KEY_REVOKED"): 1,
    }
    assert api("GET", path).json()["lastUsedAt"] is None


def test_200_counts_what_was_refused_before_authentication_and_does_not_call_it_use(
    api: Api, usage: Usage
) -> None:
    made = api.create()
    key = api.with_key(made["key"])
    key("GET", "/v1/nowhere")
    key("PUT", "/v1/sites")
    key("POST", "/v1/sites", content=b" " * 70_000)

    answer = usage(made["id"])

    assert outcomes(answer) == {
        (None, None, "NOT_FOUND"): 1,
        (None, None, "METHOD_NOT_ALLOWED"): 1,
        ("createSite", None, "PAYLOAD_TOO_LARGE"): 1,
    }
    assert len(answer["recent"]) == 3
    assert api("GET", f"/v1/api-keys/{made['id']}").json()["lastUsedAt"] is None


def test_200_names_the_scope_that_a_gateway_asked_about(api: Api, usage: Usage) -> None:
    made = api.create(scopes=["visitors:read"])
    key = api.with_key(made["key"])
    key("GET", "/v1/authorize?scope=visitors:read")
    key("GET", "/v1/authorize?scope=visitors:write")
    key("GET", "/v1/authorize")

    assert outcomes(usage(made["id"])) == {
        ("authorize", "visitors:read", "OK"): 1,
        ("authorize", "visitors:write", "SCOPE_INSUFFICIENT"): 1,
        ("authorize", None, "OK"): 1,
    }


def test_200_knows_the_uses_that_verify_judged(api: Api, usage: Usage, acme: Organization) -> None:
    made = api.create(scopes=["visitors:read"])
    body = {"key": made["key"], "scope": "visitors:read"}
    asked = api("POST", "/v1/api-keys/verify", json=body)

    answer = usage(made["id"])

    assert outcomes(answer) == {("verifyApiKey", "visitors:read", "OK"): 1}
    assert answer["recent"][0]["requestId"] == asked.headers["x-request-id"]
    assert api("GET", f"/v1/api-keys/{made['id']}").json()["lastUsedAt"] == NOW
    assert outcomes(usage(acme.key_id))["verifyApiKey", None, "OK"] == 1


def test_last_used_at_is_any_use_past_authentication(
    api: Api, keyfob: Keyfob, clock: SettableClock
) -> None:
    made = api.create(rateLimit={"requests": 1, "windowSeconds": 60})
    key, path = api.with_key(made["key"]), f"/v1/api-keys/{made['id']}"

    def last_used() -> str:
        keyfob.usage.flush()
        return api("GET", path).json()["lastUsedAt"]

    key("GET", "/v1/api-keys")
    assert last_used() == NOW
    clock.advance(seconds=1)
    assert key("GET", "/v1/api-keys").status_code == 429
    assert last_used() == "2026-03-01T09:30:01.000Z"


def test_use_changes_no_etag_and_no_updated_at(api: Api, keyfob: Keyfob) -> None:
    made = api.create()
    path = f"/v1/api-keys/{made['id']}"
    before = api("GET", path)
    api.with_key(made["key"])("GET", "/v1/api-keys/current")
    keyfob.usage.flush()
    after = api("GET", path)

    assert after.headers["etag"] == before.headers["etag"]
    assert after.json() == {**before.json(), "lastUsedAt": NOW}


def test_since_and_until_choose_the_hours_that_they_overlap(
    api: Api, usage: Usage, clock: SettableClock
) -> None:
    made = api.create()
    key = api.with_key(made["key"])
    for _ in range(3):
        key("GET", "/v1/api-keys/current")
        clock.advance(seconds=3600)

    def hours(query: str) -> list[str]:
        return [each["hour"][11:13] for each in usage(f"{made['id']}?{query}")["counters"]]

    assert hours("") == ["11", "10", "09"]
    assert hours("since=2026-03-01T09:59:59.999Z") == ["11", "10", "09"]
    assert hours("since=2026-03-01T10:00:00Z") == ["11", "10"]
    assert hours("until=2026-03-01T10:00:00.001Z") == ["10", "09"]
    assert hours("until=2026-03-01T12:00:00%2B02:00") == ["09"]
    assert hours("since=2026-03-01T10:20:00Z&until=2026-03-01T10:21:00Z") == ["10"]
    assert len(usage(f"{made['id']}?until=2026-03-01T10:00:00Z")["recent"]) == 3


def test_the_latest_hundred_requests_are_shown(
    api: Api, usage: Usage, clock: SettableClock
) -> None:
    made = api.create()
    key = api.with_key(made["key"])
    sent: list[str] = []
    for _ in range(105):
        clock.advance(seconds=1)
        sent.append(key("GET", "/v1/api-keys/current").headers["x-request-id"])

    shown = [each["requestId"] for each in usage(made["id"])["recent"]]
    assert shown == sent[:4:-1]


@pytest.mark.parametrize(
    "query",
    ["since=2026-03-01T09:30:00Z", "since=2026-03-01T00:00:00Z&until=2026-03-01T00:00:00Z"],
)
def test_no_time_has_no_counters(api: Api, keyfob: Keyfob, query: str) -> None:
    made = api.create()
    api.with_key(made["key"])("GET", "/v1/api-keys/current")
    keyfob.usage.flush()

    reply = api("GET", f"/v1/api-keys/{made['id']}/usage?{query}")

    assert (reply.status_code, reply.json()["counters"]) == (200, [])
    assert len(reply.json()["recent"]) == 1


def test_400_for_what_is_no_time(api: Api) -> None:
    reply = api("GET", f"/v1/api-keys/{api.create()['id']}/usage?since=yesterday&until=now")

    assert (reply.status_code, pointers(reply)) == (400, ["/query/since", "/query/until"])


def test_times_at_the_ends_of_the_calendar_are_answered(api: Api, usage: Usage) -> None:
    made = api.create()["id"]

    assert usage(f"{made}?until=0001-01-02T00:00:00Z")["since"] == "0001-01-01T00:00:00.000Z"
    assert usage(f"{made}?until=9999-12-31T23:59:59Z")["counters"] == []


def test_403_without_the_scope(api: Api, acme: Organization) -> None:
    blind = api.with_key(api.create(scopes=["audit:read"])["key"])
    reply = blind("GET", f"/v1/api-keys/{acme.key_id}/usage")

    assert (reply.status_code, code(reply)) == (403, "SCOPE_INSUFFICIENT")


def test_404_is_the_same_for_absent_foreign_and_beyond_the_sites(api: Api, other_api: Api) -> None:
    limited = api.with_key(api.create(scopes=["keys:read"], siteIds=[api.site()])["key"])
    replies = [
        api("GET", "/v1/api-keys/key_absent/usage"),
        api("GET", f"/v1/api-keys/{other_api.create()['id']}/usage"),
        limited("GET", f"/v1/api-keys/{api.create()['id']}/usage"),
    ]

    assert [reply.status_code for reply in replies] == [404, 404, 404]
    assert len({without_request_id(reply) for reply in replies}) == 1
