"""A run from its beginning to its report."""

import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from keyfob_contract.checks.runner import CouldNotBegin, Progress, run_checks
from keyfob_contract.report.findings import Report, report_of
from keyfob_contract.report.masking import Mask
from keyfob_contract.run.kit import Effort, Kit
from keyfob_contract.run.results import RunResult
from keyfob_contract.session.choice import checks_of, operations_of
from keyfob_contract.session.contract_file import contract_of
from keyfob_contract.session.interruption import heeded_between_exchanges
from keyfob_contract.session.order import CannotJudge, Order
from keyfob_contract.session.subject import subject_of
from keyfob_contract.wire.target import Unreachable

CASES_FOR_ONE_LIFE = 50


@dataclass(frozen=True)
class Judgement:
    """The verdict.

    Attributes:
        result: the verdict with all its evidence, in which keys have their values.
        mask: what it takes to show that to anybody.
        report: the verdict as anybody may read it.
    """

    result: RunResult
    mask: Mask
    report: Report


def judge(order: Order, progress: Progress = lambda _step: None) -> Judgement:
    """Run the checks that are asked for, and clean up.

    Raises:
        CannotJudge: there is nothing to judge, or nothing to judge it by.
        KeyboardInterrupt: somebody would not wait for the end of the cleaning.
    """
    seconds_left = _countdown(order.budget)
    with subject_of(order) as subject, heeded_between_exchanges(subject.target) as target:
        contract = contract_of(order, subject.clock)
        kit = Kit(
            replace(subject, target=target),
            contract,
            mark=f"kit-{secrets.token_hex(3)}",
            effort=_effort(order, seconds_left),
            keep_all=order.record,
            only_operations=operations_of(order, contract),
            notice=_tell,
        )
        result = _run(kit, order, progress)
        if order.url is None:  # nothing outlives this process
            result = replace(result, leftovers=())
        mask = Mask(kit.vault.names)
        return Judgement(result, mask, report_of(result, kit.vault, mask, order.part))


def _run(kit: Kit, order: Order, progress: Progress) -> RunResult:
    checks = checks_of(order, kit.contract)
    try:
        return run_checks(kit, checks, progress)
    except CouldNotBegin as trouble:
        raise CannotJudge(Mask(kit.vault.names).show(str(trouble))) from trouble
    except Unreachable as trouble:
        raise CannotJudge(f"{trouble}. Does it run, and is the URL right?") from trouble
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"What is named {kit.mark} may be left there.") from None


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _effort(order: Order, seconds_left: Callable[[], float | None]) -> Effort:
    lives = max(1, order.cases // CASES_FOR_ONE_LIFE)
    return Effort(cases=order.cases, lives=lives, seed=order.seed, seconds_left=seconds_left)


def _countdown(budget: float | None) -> Callable[[], float | None]:
    end = None if budget is None else time.monotonic() + budget
    return lambda: None if end is None else end - time.monotonic()
