"""Every broken service held against the checks: does the kit notice, and by the check meant for it?

The broken services are shared out among a few processes.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from keyfob_contract.checks import CHECKS
from keyfob_contract.faults import FAULTS
from keyfob_contract.faults.trial import (
    PASSIVE_NAMES,
    FaultResult,
    false_alarms,
    prepare,
    try_fault,
)

MOST_PROCESSES = 4


@dataclass(frozen=True)
class SelfTestResult:
    """What came of all faults.

    Attributes:
        false_alarms: what the kit had to say against the service as it is.
        rows: in the order of the catalogue.
    """

    false_alarms: Sequence[str]
    rows: Sequence[FaultResult]
    seconds: float

    @property
    def uncaught(self) -> Sequence[FaultResult]:
        """The faults that the check that is there for them did not notice."""
        return [row for row in self.rows if not row.is_caught]

    @property
    def idle(self) -> Sequence[str]:
        """The checks that noticed no fault."""
        busy = {name for row in self.rows for name in row.caught_by}
        names = (*(check.name for check in CHECKS), *PASSIVE_NAMES)
        return [name for name in names if name not in busy]

    @property
    def exit_code(self) -> int:
        """0 if every fault was caught and there was no false alarm, else 1."""
        return 1 if self.uncaught or self.false_alarms else 0


Progress = Callable[[FaultResult, int, int], None]
"""Is told what came of a fault, how many are done, and how many there are."""


def run_self_test(
    progress: Progress = lambda _row, _done, _total: None,
    only: Sequence[str] = (),
    *,
    thorough: bool = False,
) -> SelfTestResult:
    """Hold the service as it is, and every broken one, against the checks.

    Args:
        progress: is told of each fault as it is done.
        only: names of faults, of their groups, or of the checks that are there for them.
        thorough: whether each fault meets every check. It takes minutes, and tells who else would
            have noticed; without, it meets the check that is there for it.
    """
    started = time.perf_counter()
    chosen = [f for f in FAULTS if not only or {f.name, f.group, f.caught_by} & set(only)]
    # First what takes every check, so that no process is left alone with it at the end.
    names = [f.name for f in sorted(chosen, key=lambda f: f.caught_by not in PASSIVE_NAMES)]
    rows: dict[str, FaultResult] = {}
    with _open_pool() as pool:
        unbroken = pool.submit(false_alarms)
        tries = [pool.submit(_try_named, name, thorough) for name in names]
        try:
            for done, each in enumerate(as_completed(tries), 1):
                row = each.result()
                rows[row.name] = row
                progress(row, done, len(tries))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return SelfTestResult(
        false_alarms=unbroken.result(),
        rows=[rows[fault.name] for fault in chosen],
        seconds=time.perf_counter() - started,
    )


def _open_pool() -> ProcessPoolExecutor:
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    spawning = multiprocessing.get_context("spawn")  # others do not go with threads
    return ProcessPoolExecutor(processes, spawning, initializer=prepare)


def _try_named(name: str, thorough: bool) -> FaultResult:  # noqa: FBT001  crosses to another process
    (fault,) = (fault for fault in FAULTS if fault.name == name)
    return try_fault(fault, thorough=thorough)
