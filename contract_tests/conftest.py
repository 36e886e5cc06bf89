"""The kit for those who live in pytest: this service in this process, or any by its URL.

pytest contract_tests
pytest contract_tests --url URL --admin-key KEY
"""

from pathlib import Path
from typing import Any

import pytest

from keyfob_contract.session.order import CASES, Order

OWN_TESTS = Path(__file__).with_name("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "the contract of openapi.yaml")
    group.addoption("--url", help="the server to judge; this service in this process if left out")
    group.addoption("--admin-key", help="a key of that server with every scope on every site")
    group.addoption("--other-admin-key", help="the same of another organisation")
    group.addoption("--quick", action="store_true", help="leave out the generated requests")
    group.addoption(
        "--max-examples", type=int, default=CASES, help="how many requests are generated"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--url") and not config.getoption("--admin-key"):
        raise pytest.UsageError("--url needs --admin-key")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the kit's tests of itself where a server is to be judged."""
    is_own = OWN_TESTS in (collection_path, *collection_path.parents)
    return True if is_own and config.getoption("--url") else None


@pytest.fixture(scope="session")
def order(pytestconfig: pytest.Config) -> Order:
    """What this run of pytest is to judge."""
    asked: dict[str, Any] = {
        "url": pytestconfig.getoption("--url"),
        "admin_key": pytestconfig.getoption("--admin-key"),
        "other_admin_key": pytestconfig.getoption("--other-admin-key"),
        "quick": pytestconfig.getoption("--quick"),
        "cases": pytestconfig.getoption("--max-examples"),
    }
    return Order(**asked)
