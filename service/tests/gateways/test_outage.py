"""Without Keyfob nothing is let through; with it again, everything goes on by itself."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from gateways.configurations import CONFIGURATIONS, is_installed
from gateways.keyfob_program import KeyfobProgram
from gateways.programs import Program
from gateways.upstream import Arrived, Upstream
from gateways.wire import Reply, bearer, send
from processes import wait_until
from world import Api

REFUSALS = {500, 502, 503, 504}


@dataclass(frozen=True)
class Outage:
    """What a client got from each gateway while Keyfob was down, and what came through."""

    key: str
    replies: dict[str, list[Reply]]
    came_through: list[Arrived]


@pytest.fixture(scope="session")
def outage(
    start_gateway: Callable[[str], Program],
    admin: Api,
    keyfob_program: KeyfobProgram,
    running_upstream: Upstream,
) -> Outage:
    """One outage for all gateways: it is Keyfob's start that takes its time."""
    gateways = [start_gateway(name) for name in CONFIGURATIONS if is_installed(name)]
    value = admin.create(scopes=["visitors:read", "visitors:write"])["key"]
    for gateway in gateways:
        assert send(gateway.port, "GET", "/visitors", bearer(value)).status == 200
    running_upstream.reset()
    keyfob_program.stop()
    try:
        replies = {gateway.name: _ask_in_vain(gateway.port, value) for gateway in gateways}
    finally:
        keyfob_program.start()
    return Outage(value, replies, list(running_upstream.arrived))


def _ask_in_vain(port: int, value: str) -> list[Reply]:
    credentials = (bearer(value), [("X-API-Key", value)], [])
    return [
        send(port, method, "/visitors", credential)
        for method in ("GET", "POST")
        for credential in credentials
        for _ in range(2)
    ]


def test_nothing_is_let_through_while_keyfob_is_down(gateway: Program, outage: Outage) -> None:
    assert {reply.status for reply in outage.replies[gateway.name]} <= REFUSALS
    assert outage.came_through == []


def test_client_is_told_why_and_how_long_to_wait(gateway: Program, outage: Outage) -> None:
    for reply in outage.replies[gateway.name]:
        if gateway.name == "traefik":  # it says 500, and nothing else
            assert (reply.status, reply.body) == (500, b"")
        else:
            assert reply.outcome == (503, "UNAVAILABLE")
            assert reply.headers.get_all("X-Request-Id") == [reply.error["requestId"]]
            assert reply.headers.get_all("Retry-After") == ["2"]


def test_an_outage_puts_no_key_into_the_log(gateway: Program, outage: Outage) -> None:
    assert gateway.log()
    assert outage.key not in gateway.log()


def test_everything_goes_on_by_itself_once_keyfob_is_back(
    gateway: Program, outage: Outage, upstream: Upstream
) -> None:
    wait_until(lambda: send(gateway.port, "GET", "/visitors", bearer(outage.key)).status == 200)

    assert upstream.arrived[-1].identity["x-keyfob-scopes"] == ["visitors:read visitors:write"]
