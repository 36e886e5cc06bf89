"""A budget is shared out: whatever takes as long as it may leaves time to what comes behind it."""

from itertools import count

from tampering import kit_of_service

from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.runner import run_checks
from keyfob_contract.run.kit import Effort
from keyfob_contract.run.results import Verdict

MADE_UP = [check for check in CHECKS if check.generated]
GROUPS = {check.group for check in MADE_UP}
BUDGET_SECONDS = 2
STEP_SECONDS = 0.025
"""How much of it is gone whenever somebody asks: so the test does not depend on the machine."""


def test_stories_and_requests_both_get_their_share() -> None:
    asked = count()
    endless = Effort(
        cases=100_000,
        lives=100_000,
        seconds_left=lambda: BUDGET_SECONDS - STEP_SECONDS * next(asked),
    )
    with kit_of_service(effort=endless) as kit:
        result = run_checks(kit, MADE_UP)
    made = {check.name: check.verdict for check in result.checks if check.group in GROUPS}
    assert set(made.values()) == {Verdict.KEPT}
    assert len(made) == len(MADE_UP)
