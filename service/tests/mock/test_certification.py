"""A certification, taken by clients: a careful one passes, each careless one fails, and for its fault.

Here, too, they wait by advancing the clock, which makes a rehearsal of it; one waits in earnest.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integrations import CARELESS, CarefulClient
from mocks import DESK, Mock, mocking

ROUNDS = 12
"""Who has not come to the end by then will not."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    folder = Path(tmp_path_factory.mktemp("certification"))
    with mocking(folder, "--scenario", "certification") as mock:
        yield mock


def certification(mock: Mock) -> dict[str, Any]:
    return mock.control("GET", "grade")["certification"]


def values(mock: Mock, first: str = DESK) -> Iterator[str]:
    """Answer a first value, and then what somebody reads to the client from the mock."""
    yield first
    while True:
        yield certification(mock)["newValue"]


def take(mock: Mock, client: CarefulClient) -> dict[str, Any]:
    """Let a client work until it is judged, or will not be any more."""
    if not client.blunders_at_last:
        client.blunder()
    for _ in range(ROUNDS):
        client.work()
        if certification(mock)["current"] == "give_up":
            if client.blunders_at_last:
                client.blunder()
            mock.advance(60)
            break
    return certification(mock)


def states(told: dict[str, Any]) -> dict[str, str]:
    return {exercise["name"]: exercise["state"] for exercise in told["exercises"]}


def faults(mock: Mock) -> list[str]:
    rules = mock.control("GET", "grade")["rules"]
    return [rule["name"] for rule in rules if rule["verdict"] == "fault"]


def test_careful_client_keeps_every_rule_but_was_helped(mock: Mock) -> None:
    told = take(mock, CarefulClient(mock, values(mock)))

    assert states(told) == dict.fromkeys(states(told), "passed")
    assert {rule["verdict"] for rule in mock.control("GET", "grade")["rules"]} == {"passed"}
    assert (told["result"], told["aids"]) == ("rehearsed", ["The clock was advanced."])
    assert told["keyId"] == "key_VisitorDesk00000000001"


@pytest.mark.parametrize(("rule", "client"), CARELESS.items())
def test_careless_client_fails_for_its_one_fault(
    mock: Mock, rule: str, client: type[CarefulClient]
) -> None:
    told = take(mock, client(mock, values(mock)))

    assert told["result"] == "failed"
    assert faults(mock) == [rule]
