"""What is held against the contract: this service in this process, or any by its URL.

pytest contract_tests
pytest contract_tests/test_generated.py --url URL --admin-key KEY --cases 10000

Each request is repeated with a deleted key, which is a guess to the server. A server that is held
to the contract by its URL should be started with KEYFOB_GUESSES_PER_MINUTE=1000000.
"""

import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml

from keyfob.app import create_app
from keyfob.domain.opening import open_keyfob
from keyfob.settings import Settings
from keyfob.spec import spec_file
from keyfob_contract.clocks import Clock, SteppingClock, WallClock
from keyfob_contract.inspector import Api, Inspector
from keyfob_contract.spec import Contract
from keyfob_contract.subject import Subject
from keyfob_contract.target import AsgiTarget, HttpTarget, Target

CASES_IN_PROCESS = 2000
HELP_URL = (
    "hold a running server to the contract, not this process's own;"
    " start it with KEYFOB_GUESSES_PER_MINUTE=1000000"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "the contract of openapi.yaml")
    group.addoption("--url", help=HELP_URL)
    group.addoption("--admin-key", help="a key of that server with every scope on every site")
    group.addoption(
        "--cases", type=int, default=CASES_IN_PROCESS, help="how many requests to generate"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--url") and not config.getoption("--admin-key"):
        raise pytest.UsageError("--url needs --admin-key")


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of all that is generated; --hypothesis-seed names another."""
    given = pytestconfig.getoption("hypothesis_seed", None)
    return 20260301 if given is None else int(given)


@pytest.fixture(scope="session")
def spec() -> dict[str, Any]:
    return yaml.safe_load(spec_file().read_bytes())


@pytest.fixture(scope="session")
def quiet() -> Iterator[None]:
    """Thousands of log lines are no help when a test fails; it tells its own story."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def subject(
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    spec: dict[str, Any],
    seed: int,
    quiet: None,  # noqa: ARG001
) -> Iterator[Subject]:
    """The implementation under test, fresh for each module if it is this one."""
    url = pytestconfig.getoption("--url")
    if url:
        remote = HttpTarget(url)
        yield _subject(remote, str(pytestconfig.getoption("--admin-key")), WallClock(), spec)
        remote.close()
        return
    clock = SteppingClock()
    target, key, close = _application(tmp_path_factory.mktemp("contract"), clock, seed)
    yield _subject(target, key, clock, spec)
    close()


def _application(
    folder: Path, clock: SteppingClock, seed: int
) -> tuple[Target, str, Callable[[], None]]:
    settings = Settings.from_environment(
        {
            "DATABASE_URL": f"sqlite:///{folder}/keyfob.db",
            "KEYFOB_GUESSES_PER_MINUTE": str(1_000_000),  # deleted keys are tried all the time
        }
    )
    keyfob = open_keyfob(settings, clock=clock, rng=random.Random(seed))  # noqa: S311  seeded on purpose
    organization = keyfob.organizations.create("Acme", "admin@acme.example")
    target = AsgiTarget(create_app(keyfob, settings), settle=keyfob.usage.flush)

    def close() -> None:
        target.close()
        keyfob.store.database.close()

    return target, organization.key_value, close


def _subject(target: Target, key: str, clock: Clock, spec: dict[str, Any]) -> Subject:
    inspector = Inspector(target, Contract(spec, clock))
    return Subject(Api(inspector, key), clock)
