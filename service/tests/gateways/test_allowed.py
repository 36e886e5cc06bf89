"""A request that is allowed reaches the API whole, and with it the word of Keyfob."""

import pytest
from gateways.programs import Program
from gateways.upstream import Upstream
from gateways.wire import bearer, send
from world import Api

LONGER_THAN_KEYFOB_TAKES = bytes(range(256)) * 400


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_api_learns_who_is_calling(
    gateway: Program, upstream: Upstream, admin: Api, method: str
) -> None:
    made = admin.create(scopes=["visitors:read", "employees:read"])
    reply = send(gateway.port, method, "/visitors?limit=5", bearer(made["key"]))

    assert reply.status == 200
    (arrived,) = upstream.arrived
    assert (arrived.method, arrived.target) == (method, "/visitors?limit=5")
    assert arrived.identity == {
        "x-keyfob-key-id": [made["id"]],
        "x-keyfob-organization-id": [made["organizationId"]],
        "x-keyfob-scopes": ["visitors:read employees:read"],
    }


def test_body_reaches_the_api_whole_and_not_keyfob(
    gateway: Program, upstream: Upstream, admin: Api
) -> None:
    key = admin.create(scopes=["visitors:write"])["key"]
    headers = [*bearer(key), ("Content-Type", "application/octet-stream")]
    reply = send(gateway.port, "POST", "/visitors", headers, body=LONGER_THAN_KEYFOB_TAKES)

    assert reply.status == 201
    (arrived,) = upstream.arrived
    assert arrived.method == "POST"
    assert arrived.body == LONGER_THAN_KEYFOB_TAKES
    assert arrived.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("header", ["Authorization", "authorization", "X-API-Key", "x-api-key"])
def test_the_key_stays_at_the_gateway(
    gateway: Program, upstream: Upstream, admin: Api, header: str
) -> None:
    value = admin.create()["key"]
    sent = f"Bearer {value}" if header.lower() == "authorization" else value
    # As a dead second credential might be written, which some servers take for the other.
    headers = [(header, sent), ("X_API_Key", value)]
    assert send(gateway.port, "GET", "/visitors", headers).status == 200

    (arrived,) = upstream.arrived
    assert value not in str(arrived.headers)


def test_each_request_is_charged_and_recorded_once(gateway: Program, admin: Api) -> None:
    made = admin.create(rateLimit={"requests": 5, "windowSeconds": 600})
    statuses = [
        send(gateway.port, "GET", "/visitors", bearer(made["key"])).status for _ in "123456"
    ]

    assert statuses == [200, 200, 200, 200, 200, 429]


def test_replies_of_the_api_pass_as_they_are(
    gateway: Program, upstream: Upstream, admin: Api
) -> None:
    key = admin.create()["key"]
    for upstream.status in (401, 403, 404, 429, 500, 503):
        reply = send(gateway.port, "GET", "/visitors", bearer(key))
        assert (reply.status, reply.body) == (upstream.status, b'{"from":"the API"}')


def test_client_sees_what_is_left_of_its_limit(gateway: Program, admin: Api) -> None:
    key = admin.create(rateLimit={"requests": 9, "windowSeconds": 60})["key"]
    reply = send(gateway.port, "GET", "/visitors", bearer(key))
    seen = [reply.headers.get_all(name) for name in ("RateLimit-Policy", "RateLimit")]

    # Traefik passes nothing of Keyfob's yes on to the client.
    everything = [['"key";q=9;w=60'], ['"key";r=8;t=60']]
    assert seen == ([None, None] if gateway.name == "traefik" else everything)
