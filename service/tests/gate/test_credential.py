"""Who is asking: credentials, and in what order requests are refused."""

import random

import pytest
from world import Api, Organization, SettableClock, code

from keyfob.domain.secret_value import new_value

CURRENT = "/v1/api-keys/current"


def refused(api: Api, **request: object) -> str:
    """Send a request that must be refused with 401, and answer why."""
    reply = api.with_key(None)("GET", CURRENT, **request)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith('Bearer realm="keyfob"')
    return code(reply)


@pytest.mark.parametrize(
    "header", ["Authorization: Bearer {}", "Authorization: bearer   {}", "X-API-Key: {}"]
)
def test_key_is_taken_from_either_header(api: Api, acme: Organization, header: str) -> None:
    name, _, value = header.format(acme.key).partition(": ")

    assert api.with_key(None)("GET", CURRENT, headers={name: value}).status_code == 200


def test_without_a_key_it_is_missing(api: Api) -> None:
    assert refused(api) == "API_KEY_MISSING"


def test_key_in_the_query_is_not_looked_at(api: Api, acme: Organization) -> None:
    assert refused(api, params={"api_key": acme.key}) == "API_KEY_MISSING"


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer {}"), ("X-API-Key", "{}")],
        [("Authorization", "Bearer {}"), ("Authorization", "Bearer {}")],
        [("X-API-Key", "{}"), ("X-API-Key", "{}")],
        [("X-API-Key", "{}, {}")],
        [("Authorization", "Basic {}")],
        [("Authorization", "{}")],
        [("Authorization", "Bearer")],
        [("Authorization", "")],
        [("Authorization", "Bearer {}x")],
        [("X-API-Key", "")],
        [("X-API-Key", "Bearer {}")],
    ],
    ids=str,
)
def test_doubled_or_odd_credentials_are_invalid(
    api: Api, acme: Organization, headers: list[tuple[str, str]]
) -> None:
    sent = [(name, value.replace("{}", acme.key)) for name, value in headers]

    assert refused_raw(api, sent) == "API_KEY_INVALID"


def refused_raw(api: Api, headers: list[tuple[str, str]]) -> str:
    reply = api.http.get(CURRENT, headers=headers)
    assert reply.status_code == 401
    return code(reply)


def test_mistyped_value_is_invalid(api: Api, acme: Organization) -> None:
    other = "0" if acme.key[10] != "0" else "1"
    mistyped = acme.key[:10] + other + acme.key[11:]

    assert refused(api, headers={"X-API-Key": mistyped}) == "API_KEY_INVALID"


def test_well_formed_value_that_nobody_holds_is_invalid(
    api: Api, rng_of_a_guesser: random.Random
) -> None:
    guess = new_value("kfb", rng_of_a_guesser)

    assert refused(api, headers={"X-API-Key": guess}) == "API_KEY_INVALID"


def test_expired_key_is_refused_from_the_very_millisecond(api: Api, clock: SettableClock) -> None:
    made = api.create(expiresAt="2026-03-01T09:30:01.000Z")
    clock.advance(seconds=0.999)
    assert api.with_key(made["key"])("GET", CURRENT).status_code == 200
    clock.advance(seconds=0.001)

    assert refused(api, headers={"X-API-Key": made["key"]}) == "API_KEY_EXPIRED"


def test_missing_key_and_invalid_key_are_challenged_as_rfc_6750_says(api: Api) -> None:
    missing = api.with_key(None)("GET", CURRENT)
    invalid = api.with_key("nonsense")("GET", CURRENT)

    assert missing.headers["www-authenticate"] == 'Bearer realm="keyfob"'
    assert invalid.headers["www-authenticate"] == 'Bearer realm="keyfob", error="invalid_token"'


def test_order_of_refusals(api: Api) -> None:
    """Each request has every fault from its own onwards; each step mends one."""
    blind = api.with_key(api.create(scopes=["visitors:read"])["key"])
    nobody = api.with_key(None)
    long = {"content": b"x" * 70_000, "headers": {"content-type": "text/plain"}}
    text = {"content": b"x", "headers": {"content-type": "text/plain"}}
    outcomes = [
        nobody("PUT", "/v1/nowhere%00?x=1", **long),
        nobody("PUT", "/v1/nowhere?x=1", **long),
        nobody("PUT", "/v1/api-keys/key_absent?x=1", **long),
        nobody("PATCH", "/v1/api-keys/key_absent?x=1", **long),
        nobody("PATCH", "/v1/api-keys/key_absent?x=1", **text),
        blind("PATCH", "/v1/api-keys/key_absent?x=1", **text),
        api("PATCH", "/v1/api-keys/key_absent?x=1", **text),
        api("PATCH", "/v1/api-keys/key_absent?x=1", json={"name": ""}),
        api("PATCH", "/v1/api-keys/key_absent", json={"name": "x"}),
    ]

    assert [reply.status_code for reply in outcomes] == [
        400,
        404,
        405,
        413,
        401,
        403,
        415,
        400,
        404,
    ]
