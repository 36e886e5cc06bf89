"""How far a run is: a bar on a terminal, elsewhere a line now and then."""

import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TextIO

from keyfob_contract.checks.runner import Progress, Step
from keyfob_contract.report.self_test import FaultProgress, FaultRow
from keyfob_contract.run.results import Verdict

Tell = Callable[[int, int, str], None]
"""Takes how much is done, of how much, and what is under way."""


@contextmanager
def shown_progress() -> Generator[Progress]:
    """Answer where to tell of each step of a run."""
    stream = sys.stderr
    if not _can_draw(stream):
        yield GroupLines(stream)
        return
    with _bar(stream, "making keys") as tell:
        broken = 0

        def tell_step(step: Step) -> None:
            nonlocal broken
            broken += step.result is not None and step.result.verdict is Verdict.BROKEN
            so_far = f"{broken} broken  " if broken else ""
            tell(step.number, step.total, f"{so_far}{step.check.group}: {step.check.name}")

        yield tell_step


@contextmanager
def shown_fault_progress() -> Generator[FaultProgress]:
    """Answer where to tell of each fault of a self-test; elsewhere than on a terminal nowhere."""
    stream = sys.stderr
    if not _can_draw(stream):
        yield lambda _row, _done, _total: None
        return
    with _bar(stream, "starting") as tell:

        def tell_row(row: FaultRow, done: int, total: int) -> None:
            tell(done, total, row.name)

        yield tell_row


class GroupLines:
    """Writes a line as a group of checks ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._group = ""
        self._verdicts: Counter[Verdict] = Counter()

    def __call__(self, step: Step) -> None:
        """Tell of a step."""
        if step.result is None:
            return
        if self._group and self._group != step.check.group:
            self._end_group()
        self._group = step.check.group
        self._verdicts[step.result.verdict] += 1
        if step.number == step.total:
            self._end_group()

    def _end_group(self) -> None:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self._verdicts.items())
        self._stream.write(f"{self._group}: {counts}\n")
        self._stream.flush()
        self._verdicts.clear()


def _can_draw(stream: TextIO) -> bool:
    return stream.isatty() and find_spec("rich") is not None


@contextmanager
def _bar(stream: TextIO, beginning: str) -> Generator[Tell]:
    # Who only wants --quick need not have it installed.
    from rich import progress as rich  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    columns = (
        rich.MofNCompleteColumn(),
        rich.BarColumn(bar_width=30),
        rich.TimeElapsedColumn(),
        rich.TextColumn("{task.description}", markup=False),
    )
    with rich.Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(beginning, total=None)
        yield lambda done, total, what: bar.update(
            task, completed=done, total=total, description=what
        )
