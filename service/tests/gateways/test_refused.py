"""A refusal of Keyfob's reaches the client as Keyfob wrote it, and the API hears nothing of it."""

import random

import pytest
from gateways.configurations import CONFIGURATIONS
from gateways.keyfob_program import GUESSES_PER_MINUTE
from gateways.programs import Program
from gateways.upstream import Upstream
from gateways.wire import Headers, Reply, bearer, send
from processes import wait_until
from world import Api

from keyfob.domain.secret_value import new_value


def made_up_value() -> str:
    """Answer a well-formed value that nobody holds."""
    return new_value("kfb", random.SystemRandom())


def demand_request_id(reply: Reply) -> None:
    assert reply.headers.get_all("X-Request-Id") == [reply.error["requestId"]]
    assert reply.error["requestId"].startswith("req_")


def test_401_without_a_key(gateway: Program, upstream: Upstream) -> None:
    reply = send(gateway.port, "GET", "/visitors")

    assert reply.outcome == (401, "API_KEY_MISSING")
    assert reply.headers.get_all("WWW-Authenticate") == ['Bearer realm="keyfob"']
    demand_request_id(reply)
    assert upstream.arrived == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_401_says_what_is_wrong_with_the_key(
    gateway: Program, upstream: Upstream, admin: Api, method: str
) -> None:
    made = admin.create()
    admin("POST", f"/v1/api-keys/{made['id']}/revoke")
    body = b"{}" if method == "POST" else b""
    reply = send(gateway.port, method, "/visitors", bearer(made["key"]), body=body)

    assert reply.outcome == (401, "API_KEY_REVOKED")
    challenge = 'Bearer realm="keyfob", error="invalid_token"'
    assert reply.headers.get_all("WWW-Authenticate") == [challenge]
    demand_request_id(reply)
    assert upstream.arrived == []


def test_403_names_the_scope_of_the_route(gateway: Program, upstream: Upstream, admin: Api) -> None:
    key = admin.create(scopes=["visitors:read"], rateLimit={"requests": 9, "windowSeconds": 60})
    headers = [*bearer(key["key"]), ("Content-Type", "application/json")]
    reply = send(gateway.port, "POST", "/visitors", headers, body=b'{"name":"Ada"}')

    assert reply.outcome == (403, "SCOPE_INSUFFICIENT")
    assert reply.error["details"] == {"required": "visitors:write"}
    assert reply.headers.get_all("RateLimit-Policy") == ['"key";q=9;w=60']
    assert reply.headers.get_all("RateLimit") == ['"key";r=8;t=60']
    demand_request_id(reply)
    assert upstream.arrived == []


def test_429_says_how_long_to_wait(gateway: Program, upstream: Upstream, admin: Api) -> None:
    key = admin.create(rateLimit={"requests": 1, "windowSeconds": 3600})["key"]
    assert send(gateway.port, "GET", "/visitors", bearer(key)).status == 200
    reply = send(gateway.port, "GET", "/visitors", bearer(key))

    assert reply.outcome == (429, "RATE_LIMITED")
    (seconds,) = reply.headers.get_all("Retry-After") or []
    assert 3590 <= int(seconds) <= 3600
    assert reply.headers.get_all("RateLimit-Policy") == ['"key";q=1;w=3600']
    (left,) = reply.headers.get_all("RateLimit") or []
    assert left.startswith('"key";r=0;t=3')
    demand_request_id(reply)
    assert len(upstream.arrived) == 1


def test_refusals_are_not_to_be_stored(gateway: Program) -> None:
    assert send(gateway.port, "GET", "/visitors").headers.get_all("Cache-Control") == ["no-store"]


def test_head_is_refused_without_a_body(gateway: Program) -> None:
    reply = send(gateway.port, "HEAD", "/visitors")

    assert (reply.status, reply.body) == (401, b"")
    assert reply.headers["X-Request-Id"].startswith("req_")


@pytest.mark.parametrize("twice", [("Authorization", "X-API-Key"), ("X-API-Key", "X-API-Key")])
def test_two_credentials_are_refused(
    gateway: Program, upstream: Upstream, admin: Api, twice: tuple[str, str]
) -> None:
    value = admin.create()["key"]
    headers = [(n, f"Bearer {value}" if n == "Authorization" else value) for n in twice]

    assert send(gateway.port, "GET", "/visitors", headers).outcome == (401, "API_KEY_INVALID")
    assert upstream.arrived == []


def test_two_authorizations_are_refused(gateway: Program, upstream: Upstream, admin: Api) -> None:
    headers = [*bearer(admin.create()["key"]), *bearer(admin.create()["key"])]

    # nginx from 1.23 on refuses them itself, with 400.
    assert send(gateway.port, "GET", "/visitors", headers).status in {400, 401}
    assert upstream.arrived == []


@pytest.mark.parametrize("name", ["key", "api_key", "apiKey", "access_token", "X-API-Key"])
def test_a_key_in_the_query_is_no_key(
    gateway: Program, upstream: Upstream, admin: Api, name: str
) -> None:
    value = admin.create()["key"]
    lines = len(gateway.log().splitlines())
    for _ in range(3):
        reply = send(gateway.port, "GET", f"/visitors?{name}={value}")
        assert reply.outcome == (401, "API_KEY_MISSING")

    assert upstream.arrived == []
    wait_until(lambda: len(gateway.log().splitlines()) >= lines + 3)
    assert value not in gateway.log()


@pytest.mark.parametrize(
    "forged",
    [
        [],
        [("X-Forwarded-For", "203.0.113.1")],
        [("X-Forwarded-For", "203.0.113.1"), ("X-Forwarded-For", "203.0.113.2")],
        [("Connection", "X-Forwarded-For"), ("X-Forwarded-For", "203.0.113.1")],
        [("X-Real-IP", "203.0.113.1"), ("Forwarded", "for=203.0.113.1")],
        [("X_Forwarded_For", "203.0.113.1")],
    ],
)
def test_guesses_are_counted_by_the_address_of_the_client(
    gateway: Program, request: pytest.FixtureRequest, forged: Headers
) -> None:
    # An address of its own for each of these tests, all on the loopback interface.
    number = list(CONFIGURATIONS).index(gateway.name) + 1
    cases = request.node.callspec.indices["forged"] * 2 + 1
    guesser, neighbour = (f"127.0.{number}.{cases + host}" for host in (0, 1))

    def guess(source: str) -> int:
        headers = [*bearer(made_up_value()), *forged]
        return send(gateway.port, "GET", "/visitors", headers, source=source).status

    statuses = [guess(guesser) for _ in range(GUESSES_PER_MINUTE + 1)]
    if statuses[0] == 400:  # Envoy takes no request that would have this header dropped
        assert set(statuses) == {400}
        return
    assert statuses == [401] * GUESSES_PER_MINUTE + [429]
    assert guess(neighbour) == 401
