"""Which broken service was noticed by which check, as a table."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import click


class FaultRow(Protocol):
    """What came of one fault."""

    @property
    def name(self) -> str:
        """The fault's name."""
        ...

    @property
    def sentence(self) -> str:
        """What is wrong with the service."""
        ...

    @property
    def expected(self) -> str:
        """The check that is there for it."""
        ...

    @property
    def caught_by(self) -> tuple[str, ...]:
        """The checks that complained."""
        ...

    @property
    def trouble(self) -> str:
        """Why the run did not come to its end, if it did not."""
        ...

    @property
    def is_caught(self) -> bool:
        """Whether the check that is there for it complained."""
        ...


class SelfTestResult(Protocol):
    """What came of a self-test."""

    @property
    def false_alarms(self) -> Sequence[str]:
        """What the checks complained of where nothing is wrong."""
        ...

    @property
    def rows(self) -> Sequence[FaultRow]:
        """One for each fault."""
        ...

    @property
    def seconds(self) -> float:
        """How long it took."""
        ...

    @property
    def exit_code(self) -> int:
        """0 if every fault was caught and there was no false alarm."""
        ...


FaultProgress = Callable[[FaultRow, int, int], None]
"""Takes a fault that is done, how many are, and how many there are."""


def rendered(result: SelfTestResult) -> str:
    """Answer the table, and how many were caught."""
    return "\n".join([*_rows(result.rows), *_alarms(result.false_alarms), *_verdict(result)])


def _rows(rows: Sequence[FaultRow]) -> Iterator[str]:
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        if row.is_caught:
            others = len(row.caught_by) - 1
            and_others = f" and {others} more" if others else ""
            yield f"caught  {row.name:<{width}}  by {row.expected}{and_others}"
        else:
            missed = click.style("MISSED", fg="red", bold=True)
            noticed = ", ".join(row.caught_by) or "nobody"
            yield f"{missed}  {row.name:<{width}}  by {row.expected}; {noticed} noticed it"
        yield f"        {' '.join(row.sentence.split())}"
        if row.trouble:
            yield f"        {click.style('could not go on', fg='red')}: {row.trouble}"


def _alarms(alarms: Sequence[str]) -> Iterator[str]:
    for alarm in alarms:
        yield f"{click.style('FALSE ALARM', fg='red', bold=True)}  {alarm}"


def _verdict(result: SelfTestResult) -> Iterator[str]:
    is_proven = result.exit_code == 0
    word = click.style("PROVEN", fg="green") if is_proven else click.style("FAILED", fg="red")
    caught = sum(row.is_caught for row in result.rows)
    alarms = len(result.false_alarms)
    yield ""
    yield (
        f"{word}  {caught} of {len(result.rows)} faults were caught by the check that is there for"
        f" them, and {alarms} false alarms were raised, in {result.seconds:.0f} s"
    )
