"""Each check of the kit as a test: all of one run, which begins with the first of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from keyfob_contract.checks import CHECKS
from keyfob_contract.report.findings import Report, story_of
from keyfob_contract.run.journal import PASSIVE
from keyfob_contract.run.results import Verdict
from keyfob_contract.session.judging import judge
from keyfob_contract.session.order import CannotJudge, Order

HERE = Path(__file__)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "name" in metafunc.fixturenames:
        is_quick = metafunc.config.getoption("--quick")
        chosen = [check.name for check in CHECKS if not (is_quick and check.generated)]
        metafunc.parametrize("name", [*chosen, *(rule.__name__ for rule in PASSIVE)])


@pytest.fixture(scope="module")
def report(order: Order, request: pytest.FixtureRequest) -> Report:
    try:
        judgement = judge(replace(order, only=_wanted(request.session)))
    except CannotJudge as trouble:
        pytest.exit(f"There is no telling: {trouble}", returncode=2)
    if judgement.result.interrupted:
        raise KeyboardInterrupt
    return judgement.report


def _wanted(session: pytest.Session) -> tuple[str, ...]:
    """Answer the checks that are left by ``-k`` and the like; none if a test looks at the whole."""
    here = [i for i in session.items if isinstance(i, pytest.Function) and i.path == HERE]
    names = [str(i.callspec.params["name"]) for i in here if "name" in i.fixturenames]
    return tuple(names) if len(names) == len(here) else ()


def test_the_contract_is_kept(report: Report, order: Order, name: str) -> None:
    [check] = [check for check in report.checks if check.name == name]
    if check.verdict is Verdict.BROKEN:
        pytest.fail("\n".join(story_of(check)), pytrace=False)
    if check.verdict is Verdict.NOT_CHECKED:
        not_checked = pytest.skip if order.url else pytest.fail
        not_checked(f"{check.sentence} Not checked: {check.reason}")


def test_the_run_leaves_no_doubt(report: Report) -> None:
    assert report.doubts == ()


def test_no_cell_of_the_coverage_matrix_is_missed(report: Report, order: Order) -> None:
    """A gate for this repository: what somebody else's server can be brought to is not ours."""
    if order.url or order.quick:
        pytest.skip("it is a gate for whole runs of this service in this process")
    assert report.missed == {}
