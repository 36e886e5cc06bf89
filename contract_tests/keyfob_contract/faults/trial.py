"""One broken service held against the checks.

It is opened anew, with its fault in force before anything of it is made. What does not depend on
the service, the contract as compiled, is kept for the next.
"""

import gc
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import structlog
from connexion.spec import Specification

from keyfob.spec import load_spec
from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.registry import Check
from keyfob_contract.checks.runner import CouldNotBegin, run_checks
from keyfob_contract.faults.fault import Fault
from keyfob_contract.in_process import service_in_process
from keyfob_contract.rules.profile import read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.journal import PASSIVE
from keyfob_contract.run.kit import Effort, Kit, Subject
from keyfob_contract.run.results import CheckResult, RunResult, Verdict
from keyfob_contract.wire.clocks import Clock

MARK = "kit-self-test"
PASSIVE_NAMES = tuple(rule.__name__ for rule in PASSIVE)

_CHECKS = {check.name: check for check in CHECKS}
_DETERMINISTIC = tuple(check for check in CHECKS if not check.generated)


@dataclass(frozen=True)
class FaultResult:
    """What came of a fault.

    Attributes:
        expected: the name of the check that is there for it.
        caught_by: the names of all checks that complained.
        trouble: why the run did not come to its end, if it did not.
    """

    name: str
    group: str
    sentence: str
    expected: str
    caught_by: tuple[str, ...]
    seconds: float
    trouble: str = ""

    @property
    def is_caught(self) -> bool:
        """Whether the check that is there for it complained."""
        return self.expected in self.caught_by


def prepare() -> None:
    """Make a process ready: quiet, and without doing again and again what comes out the same."""
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent)
    with service_in_process():
        _compiled()
    # The file is as valid as it was a moment ago: looking again takes half as long as opening.
    setattr(Specification, "_validate_spec", lambda _self, _spec: None)  # noqa: B010  not public
    gc.freeze()


def false_alarms() -> list[str]:
    """Answer what the checks have to say against the service as it is."""
    with service_in_process() as subject:
        result = run_checks(_kit(subject), _DETERMINISTIC)
    return [*(check.name for check in result.of(Verdict.BROKEN)), *result.doubts]


def try_fault(fault: Fault, *, thorough: bool) -> FaultResult:
    """Answer which checks notice a fault.

    Args:
        fault: which.
        thorough: whether it meets every check, or just the one that is there for it.
    """
    started = time.perf_counter()
    caught_by: tuple[str, ...] = ()
    trouble = ""
    try:
        with fault.in_force(), service_in_process() as subject:
            result = _run(subject, fault.caught_by, thorough=thorough)
        caught_by = tuple(check.name for check in result.of(Verdict.BROKEN) if _noticed(check))
        trouble = next((check.stumble for check in result.checks if check.stumble), "")
    except CouldNotBegin as reason:
        trouble = str(reason)
    except Exception as error:  # noqa: BLE001  it is the fault's or the kit's
        trouble = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - started
    return FaultResult(
        fault.name, fault.group, fault.sentence, fault.caught_by, caught_by, seconds, trouble
    )


def _noticed(check: CheckResult) -> bool:
    """Say whether a check has noticed what is wrong, and not just stumbled over it."""
    return any(complaint.text != check.stumble for complaint in check.complaints)


def _run(subject: Subject, expected: str, *, thorough: bool) -> RunResult:
    check = _CHECKS.get(expected)
    checks: Sequence[Check] = _DETERMINISTIC
    if check is not None and not thorough:
        checks = (check,)
    elif check is not None and check.generated:
        checks = (*_DETERMINISTIC, check)
    is_enough = expected in PASSIVE_NAMES and not thorough
    kit: Kit = _kit(
        subject, lambda: 0.0 if is_enough and kit.journal.complaints(expected) else None
    )
    return run_checks(kit, checks)


def _kit(subject: Subject, seconds_left: Callable[[], float | None] = lambda: None) -> Kit:
    contract, clock = _compiled()
    clock.of = subject.clock
    return _Throwaway(subject, contract, mark=MARK, effort=Effort(seconds_left=seconds_left))


class _Throwaway(Kit):
    """A run against a service that ends with it."""

    def clean_up(self) -> list[str]:
        """Leave everything as it is."""
        return []


class _CurrentClock:
    """The clock of whichever service is open."""

    def __init__(self) -> None:
        self.of: Clock | None = None

    def __call__(self) -> int:
        return 0 if self.of is None else self.of()


@cache
def _compiled() -> tuple[Contract, _CurrentClock]:
    clock = _CurrentClock()
    return Contract(load_spec(), clock, read_profile()), clock
