"""What became of a request, for those whose key it carried."""

from collections.abc import Callable

import httpx
import pytest
from structlog.testing import capture_logs
from world import Api, Organization, SettableClock, code, without_request_id

from keyfob.domain.keyfob import Keyfob

LookUp = Callable[[Api, httpx.Response], httpx.Response]


@pytest.fixture
def look_up(keyfob: Keyfob) -> LookUp:
    """Answers what a key is told of the request that had this reply, once it is written down."""

    def ask(api: Api, reply: httpx.Response) -> httpx.Response:
        keyfob.usage.flush()
        return api("GET", f"/v1/requests/{reply.headers['x-request-id']}")

    return ask


def delete(api: Api, key_id: str) -> None:
    assert api("POST", f"/v1/api-keys/{key_id}/revoke").status_code == 200
    assert api("DELETE", f"/v1/api-keys/{key_id}").status_code == 204


def test_200_shows_who_did_what_and_how_it_ended(
    api: Api, look_up: LookUp, acme: Organization
) -> None:
    asked = api("GET", "/v1/sites?limit=0", headers={"User-Agent": "hr-sync/2.1"})

    reply = look_up(api, asked)

    assert reply.status_code == 200
    told = reply.json()
    assert told.pop("durationMs") >= 0
    assert told.pop("client")
    assert told == {
        "requestId": asked.headers["x-request-id"],
        "at": "2026-03-01T09:30:00.000Z",
        "method": "GET",
        "path": "/v1/sites",
        "operation": "listSites",
        "status": 400,
        "code": "VALIDATION_FAILED",
        "keyId": acme.key_id,
        "secretVersion": 1,
        "userAgent": "hr-sync/2.1",
    }


def test_200_for_refusals_before_authentication(
    api: Api, look_up: LookUp, acme: Organization
) -> None:
    for refused in (api("GET", "/v1/nowhere"), api("PUT", "/v1/sites")):
        told = look_up(api, refused).json()
        assert (told["status"], told["operation"]) == (refused.status_code, None)
        assert told["keyId"] == acme.key_id


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("/caf%C3%A9/%E2%82%AC", "/café/€"),
        ("/a%00%1b%5b31m%7f", r"/a\x00\x1b[31m\x7f"),
        ("/a%C2%9b31m%C2%85", r"/a\x9b31m\x85"),
        ("/a%ff%c3", r"/a\xff\xc3"),
    ],
)
def test_200_spells_a_path_that_the_contract_does_not_know_legibly(
    api: Api, look_up: LookUp, sent: str, told: str
) -> None:
    with capture_logs() as logs:
        refused = api("GET", sent)

    assert look_up(api, refused).json()["path"] == told
    assert [line["path"] for line in logs if line["event"] == "request"] == [told]


def test_200_spells_a_user_agent_legibly(api: Api, look_up: LookUp) -> None:
    agent = "café/1\t\x9b31m".encode()
    told = look_up(api, api("GET", "/v1/sites", headers={"User-Agent": agent})).json()

    assert told["userAgent"] == r"café/1\x09\x9b31m"


def test_200_for_dead_and_replaced_values(api: Api, look_up: LookUp) -> None:
    made = api.create()
    api("POST", f"/v1/api-keys/{made['id']}/rotate")
    refused = api.with_key(made["key"])("GET", "/v1/sites")

    told = look_up(api, refused).json()

    assert (told["keyId"], told["secretVersion"]) == (made["id"], 1)
    assert told["code"] == "API_KEY_ROTATED"


def test_200_is_about_the_caller_and_not_the_key_that_it_had_judged(
    api: Api, look_up: LookUp, acme: Organization
) -> None:
    judged = api("POST", "/v1/api-keys/verify", json={"key": api.create()["key"]})

    assert look_up(api, judged).json()["keyId"] == acme.key_id


def test_200_for_a_limited_actor_within_its_sites(api: Api, look_up: LookUp) -> None:
    site = api.site()
    auditor = api.with_key(api.create(scopes=["audit:read"], siteIds=[site])["key"])
    inside = api.with_key(api.create(siteIds=[site])["key"])("GET", "/v1/sites")

    assert look_up(auditor, inside).status_code == 200


def test_404_for_a_limited_actor_beyond_its_sites(api: Api, look_up: LookUp) -> None:
    site = api.site()
    auditor = api.with_key(api.create(scopes=["audit:read"], siteIds=[site])["key"])
    beyond = api.with_key(api.create(siteIds=[site, api.site()])["key"])("GET", "/v1/sites")

    assert look_up(auditor, beyond).status_code == 404
    assert look_up(auditor, api("GET", "/v1/nowhere")).status_code == 404


def test_errors_of_a_deleted_key_are_told_to_who_covers_its_last_sites_and_successes_to_nobody(
    api: Api, look_up: LookUp
) -> None:
    site = api.site()
    auditor = api.with_key(api.create(scopes=["audit:read"], siteIds=[site])["key"])
    neighbour = api.with_key(api.create(scopes=["audit:read"], siteIds=[api.site()])["key"])
    made = api.create(siteIds=[site], scopes=["sites:read"])
    key = api.with_key(made["key"])
    good, bad = key("GET", "/v1/sites"), key("GET", "/v1/api-keys")
    assert [look_up(auditor, each).status_code for each in (good, bad)] == [200, 200]

    delete(api, made["id"])

    assert [look_up(api, each).status_code for each in (good, bad)] == [404, 200]
    assert [look_up(auditor, each).status_code for each in (good, bad)] == [404, 200]
    assert [look_up(neighbour, each).status_code for each in (good, bad)] == [404, 404]


def test_errors_of_a_deleted_key_for_every_site_stay_beyond_a_limited_actor(
    api: Api, look_up: LookUp
) -> None:
    auditor = api.with_key(api.create(scopes=["audit:read"], siteIds=[api.site()])["key"])
    made = api.create()
    bad = api.with_key(made["key"])("GET", "/v1/sites")
    delete(api, made["id"])

    assert [look_up(each, bad).status_code for each in (api, auditor)] == [200, 404]


def test_success_still_in_memory_when_its_key_is_deleted_is_told_to_nobody(
    api: Api, look_up: LookUp
) -> None:
    made = api.create(scopes=["sites:read"])
    good = api.with_key(made["key"])("GET", "/v1/sites")
    delete(api, made["id"])

    assert look_up(api, good).status_code == 404


def test_404_is_the_same_for_absent_foreign_and_keyless_requests(
    api: Api, other_api: Api, look_up: LookUp
) -> None:
    foreign = other_api("GET", "/v1/sites")
    foreign_error = other_api("GET", "/v1/nowhere")
    keyless = api.with_key(None)("GET", "/v1/sites")
    assert look_up(other_api, foreign).status_code == 200

    replies = [look_up(api, each) for each in (foreign, foreign_error, keyless)]
    replies.append(api("GET", "/v1/requests/req_absent"))

    assert [reply.status_code for reply in replies] == [404] * 4
    assert len({without_request_id(reply) for reply in replies}) == 1


def test_errors_can_be_looked_up_for_a_week(
    api: Api, look_up: LookUp, keyfob: Keyfob, clock: SettableClock
) -> None:
    key = api.with_key(api.create()["key"])
    failed = key("GET", "/v1/api-keys")
    clock.advance(seconds=60)
    for _ in range(100):
        key("GET", "/v1/api-keys/current")

    clock.advance(days=6.9)
    keyfob.usage.retain()
    assert look_up(api, failed).status_code == 200
    clock.advance(days=0.2)
    keyfob.usage.retain()
    assert look_up(api, failed).status_code == 404


def test_403_without_the_scope(api: Api, look_up: LookUp) -> None:
    blind = api.with_key(api.create(scopes=["keys:read"])["key"])
    reply = look_up(blind, api("GET", "/v1/sites"))

    assert (reply.status_code, code(reply)) == (403, "SCOPE_INSUFFICIENT")
