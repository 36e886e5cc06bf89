"""Keyfob, an API, and the four gateways between them: real programs, started once."""

from collections.abc import Callable, Generator, Iterator

import pytest
from gateways.configurations import CONFIGURATIONS, configured, is_installed
from gateways.keyfob_program import KeyfobProgram
from gateways.programs import Program
from gateways.upstream import Upstream, serving_upstream
from world import Api

ASKED_FOR = ["visitors:read", "visitors:write", "employees:read"]


@pytest.fixture(scope="session")
def keyfob_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyfobProgram]:
    program = KeyfobProgram(tmp_path_factory.mktemp("keyfob"))
    try:
        program.start()
        yield program
    finally:
        program.stop()


@pytest.fixture(scope="session")
def admin(keyfob_program: KeyfobProgram) -> Iterator[Api]:
    """Keyfob itself, as a key sees it that holds everything and is in a hurry."""
    first = keyfob_program.api()
    limit = {"requests": 1_000_000, "windowSeconds": 60}
    made = first.create(scopes=["keys:write", "sites:write", *ASKED_FOR], rateLimit=limit)
    yield first.with_key(made["key"])
    first.http.close()


@pytest.fixture(scope="session")
def sites(admin: Api) -> tuple[str, str]:
    return admin.site("Headquarters"), admin.site("Warehouse")


@pytest.fixture(scope="session")
def running_upstream() -> Generator[Upstream]:
    with serving_upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(running_upstream: Upstream) -> Generator[Upstream]:
    """The API behind the gateway, which has not seen anything yet; no test leaves it otherwise."""
    running_upstream.reset()
    yield running_upstream
    running_upstream.reset()


@pytest.fixture(scope="session")
def start_gateway(
    tmp_path_factory: pytest.TempPathFactory,
    program: Callable[[str], str],
    keyfob_program: KeyfobProgram,
    running_upstream: Upstream,
    sites: tuple[str, str],
) -> Iterator[Callable[[str], Program]]:
    """Starts a gateway on its shipped configuration, if it is not running yet."""
    running: dict[str, Program] = {}

    def start(name: str) -> Program:
        if name not in running:
            _skip_unless_installed(name, program)
            running[name] = configured(
                name,
                tmp_path_factory.mktemp(name),
                keyfob=keyfob_program.port,
                api=running_upstream.port,
                sites=sites,
            )
            running[name].start()
        return running[name]

    yield start
    for each in running.values():
        each.stop()


@pytest.fixture(scope="session", params=CONFIGURATIONS)
def gateway(request: pytest.FixtureRequest, start_gateway: Callable[[str], Program]) -> Program:
    """Each gateway in turn."""
    return start_gateway(request.param)


def _skip_unless_installed(name: str, program: Callable[[str], str]) -> None:
    if name == "nginx":
        program(name)
    elif not is_installed(name):
        pytest.skip(f"{name} is not installed: run `make test`, which installs it")
