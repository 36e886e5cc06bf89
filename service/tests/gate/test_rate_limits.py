"""Requests are charged exactly once to their key, and guesses to their address."""

import random
from dataclasses import replace

import httpx
import pytest
from world import Api, Organization, SettableClock, code

from keyfob.domain.secret_value import new_value
from keyfob.settings import Settings

LIMIT = {"requests": 3, "windowSeconds": 60}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, guesses_per_minute=5)


def remaining(reply: httpx.Response) -> str:
    return reply.headers["ratelimit"]


def test_exactly_n_requests_pass_in_a_window_that_opens_with_the_first(
    api: Api, clock: SettableClock
) -> None:
    holder = api.with_key(api.create(rateLimit=LIMIT)["key"])
    clock.advance(seconds=1000)
    replies = []
    for _ in range(4):
        replies.append(holder("GET", "/v1/api-keys/current"))
        clock.advance(seconds=10)

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [remaining(reply) for reply in replies] == [
        '"key";r=2;t=60',
        '"key";r=1;t=50',
        '"key";r=0;t=40',
        '"key";r=0;t=30',
    ]
    assert {reply.headers["ratelimit-policy"] for reply in replies} == {'"key";q=3;w=60'}
    assert code(replies[3]) == "RATE_LIMITED"
    assert replies[3].headers["retry-after"] == "30"
    clock.advance(seconds=19.999)
    assert holder("GET", "/v1/api-keys/current").status_code == 429
    clock.advance(seconds=0.001)
    assert remaining(holder("GET", "/v1/api-keys/current")) == '"key";r=2;t=60'


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/api-keys/current", 200),
        ("HEAD", "/v1/api-keys/current", 200),
        ("GET", "/v1/api-keys", 403),
        ("GET", "/v1/api-keys/current?x=1", 400),
        ("GET", "/v1/authorize?scope=audit:read", 403),
    ],
)
def test_authenticated_requests_are_charged_once_whatever_becomes_of_them(
    api: Api, method: str, path: str, status: int
) -> None:
    holder = api.with_key(api.create(rateLimit=LIMIT)["key"])

    reply = holder(method, path)

    assert (reply.status_code, remaining(reply)) == (status, '"key";r=2;t=60')


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/%00"),
        ("GET", "/nowhere"),
        ("PUT", "/v1/api-keys"),
        ("GET", "/healthz"),
    ],
)
def test_what_is_refused_whoever_asks_is_not_charged(api: Api, method: str, path: str) -> None:
    holder = api.with_key(api.create(rateLimit=LIMIT)["key"])
    holder("GET", "/v1/api-keys/current")

    assert "ratelimit" not in holder(method, path).headers
    assert remaining(holder("GET", "/v1/api-keys/current")) == '"key";r=1;t=60'


def test_limit_comes_before_scope_and_contract(api: Api) -> None:
    holder = api.with_key(api.create(rateLimit={"requests": 1, "windowSeconds": 60})["key"])
    holder("GET", "/v1/api-keys/current")

    assert holder("GET", "/v1/api-keys?limit=0").status_code == 429


def test_changed_limit_counts_from_the_next_window(api: Api, clock: SettableClock) -> None:
    made = api.create(rateLimit=LIMIT)
    holder = api.with_key(made["key"])
    holder("GET", "/v1/api-keys/current")
    api("PATCH", f"/v1/api-keys/{made['id']}", json={"rateLimit": {"requests": 100}})

    assert remaining(holder("GET", "/v1/api-keys/current")) == '"key";r=1;t=60'
    clock.advance(seconds=60)
    assert remaining(holder("GET", "/v1/api-keys/current")) == '"key";r=99;t=60'


def test_rotation_brings_no_new_window(api: Api) -> None:
    made = api.create(rateLimit=LIMIT)
    api.with_key(made["key"])("GET", "/v1/api-keys/current")
    value = api("POST", f"/v1/api-keys/{made['id']}/rotate").json()["key"]

    reply = api.with_key(value)("GET", "/v1/api-keys/current")
    assert remaining(reply) == '"key";r=1;t=60'


def test_dead_values_are_not_charged_and_never_limited(api: Api) -> None:
    made = api.create(rateLimit={"requests": 1, "windowSeconds": 60})
    api("POST", f"/v1/api-keys/{made['id']}/revoke")
    dead = api.with_key(made["key"])

    replies = [dead("GET", "/v1/api-keys/current") for _ in range(20)]

    assert {reply.status_code for reply in replies} == {401}
    assert "ratelimit" not in replies[0].headers


def test_guesses_are_limited_by_address_and_known_values_never(
    api: Api, acme: Organization, clock: SettableClock, rng_of_a_guesser: random.Random
) -> None:
    def guess() -> httpx.Response:
        return api.with_key(new_value("kfb", rng_of_a_guesser))("GET", "/v1/api-keys/current")

    assert [guess().status_code for _ in range(7)] == [401] * 5 + [429] * 2
    refused = guess()
    assert (code(refused), refused.headers["retry-after"]) == ("RATE_LIMITED", "60")
    assert api.with_key(acme.key)("GET", "/v1/api-keys/current").status_code == 200
    assert code(api.with_key("mistyped")("GET", "/v1/api-keys/current")) == "API_KEY_INVALID"
    clock.advance(seconds=60)
    assert guess().status_code == 401


def test_deleted_value_counts_as_a_guess(api: Api) -> None:
    made = api.create()
    api("POST", f"/v1/api-keys/{made['id']}/revoke")
    api("DELETE", f"/v1/api-keys/{made['id']}")
    gone = api.with_key(made["key"])

    statuses = [gone("GET", "/v1/api-keys/current").status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]
