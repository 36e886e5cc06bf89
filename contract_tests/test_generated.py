"""Every operation, with generated requests good and bad, under a live key and under dead ones."""

import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import yaml

from keyfob.spec import spec_file
from keyfob_contract.clocks import Clock
from keyfob_contract.credentials import KEYS, DeadCredential, Keyring, traced_request
from keyfob_contract.generation import Generator, Plan
from keyfob_contract.inspector import Api
from keyfob_contract.ledger import LARGEST_SHARE_OF_401
from keyfob_contract.population import Bystanders, Population
from keyfob_contract.spec import Document
from keyfob_contract.subject import Subject
from keyfob_contract.trial import Trial

OPERATION_IDS = [
    operation["operationId"]
    for *_, operation in Document(yaml.safe_load(spec_file().read_bytes())).operations()
]
MOST_STORIES = 5
TRACED = 3


@pytest.fixture(scope="module")
def plan(pytestconfig: pytest.Config, spec: dict[str, Any], seed: int) -> Plan:
    return Generator(spec, seed).plan(int(str(pytestconfig.getoption("--cases"))))


@pytest.fixture(scope="module")
def keyring(subject: Subject) -> Iterator[Keyring]:
    keyring = Keyring(subject.admin)
    yield keyring
    keyring.remove_all()


@pytest.fixture(scope="module")
def own_key(keyring: Keyring) -> dict[str, Any]:
    return keyring.make("runner")


@pytest.fixture(scope="module")
def trial(
    pytestconfig: pytest.Config,
    subject: Subject,
    spec: dict[str, Any],
    seed: int,
    keyring: Keyring,
    own_key: dict[str, Any],
) -> Iterator[Trial]:
    api = subject.admin.with_value(own_key["key"])
    dead = keyring.dead_credentials(subject.clock)
    bystanders = _bystanders(keyring, api, subject.clock, dead)
    rng = random.Random(seed)  # noqa: S311  seeded on purpose
    population = Population(api, spec, subject.clock, rng, bystanders)
    trial = Trial(api, own_key["id"], keyring.made, dead, population)
    yield trial
    population.clear()
    _print(pytestconfig, trial.ledger.summary())


def _bystanders(
    keyring: Keyring, api: Api, clock: Clock, dead: Iterable[DeadCredential]
) -> Bystanders:
    """Make a key that nobody else uses, so that its traces stay, and one to be judged."""
    witness = api.with_value(keyring.make("witness")["key"])
    request_ids = tuple(traced_request(witness, api, clock) for _ in range(TRACED))
    headers = [credential.headers.get("Authorization", "") for credential in dead]
    values = [header.removeprefix("Bearer ") for header in headers if header]
    return Bystanders(request_ids, (keyring.make("judged")["key"], *values))


@pytest.mark.parametrize("operation_id", OPERATION_IDS)
def test_every_request_is_answered_by_the_contract_and_dead_keys_change_nothing(
    operation_id: str, plan: Plan, trial: Trial
) -> None:
    stories: list[str] = []
    for request in plan[operation_id]:
        stories += trial.run(operation_id, request)
    shown = "\n\n".join(stories[:MOST_STORIES])
    assert not stories, f"{len(stories)} broken promises of {operation_id}, among them:\n{shown}"


def test_the_run_is_not_vacuous(trial: Trial, subject: Subject, own_key: dict[str, Any]) -> None:
    ledger = trial.ledger
    if not ledger.has_tried(OPERATION_IDS):
        pytest.skip("only a part of the operations was tried: nothing to say about the whole run")
    assert ledger.never_succeeded(OPERATION_IDS) == []
    assert ledger.repeated_attempts
    assert ledger.share_of_401 < LARGEST_SHARE_OF_401
    changing = {"key", "lastUsedAt", "advisories"}
    before = {name: value for name, value in own_key.items() if name not in changing}
    now = subject.admin.must(200, "GET", f"{KEYS}/{own_key['id']}")
    assert before == {name: value for name, value in now.items() if name not in changing}
    assert subject.admin.with_value(own_key["key"])("GET", f"{KEYS}/current").status == 200


def _print(config: pytest.Config, lines: list[str]) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter and capture:
        with capture.global_and_fixture_disabled():
            reporter.write_line("")
            for line in lines:
                reporter.write_line(line)
