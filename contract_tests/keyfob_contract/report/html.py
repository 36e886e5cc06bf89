"""The verdict as one HTML file that needs no other: to be read, searched and passed on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from string import ascii_lowercase

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from keyfob_contract.report.findings import Report, ShownCheck
from keyfob_contract.run.matrix import CellCoverage, Coverage
from keyfob_contract.run.results import Verdict
from keyfob_contract.run.vault import State

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class MatrixRow:
    """One status of one operation; for each state of a credential its cell, if there is one."""

    status: int
    cells: Sequence[CellCoverage | None]


@dataclass(frozen=True)
class MatrixPart:
    """One operation of the matrix."""

    operation_id: str
    missed: int
    rows: Sequence[MatrixRow]


def rendered(report: Report) -> str:
    """Answer the page."""
    pages = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = pages.get_template("page.html.jinja")
    return page.render(
        report=report,
        broken=report.of(Verdict.BROKEN),
        not_checked=report.of(Verdict.NOT_CHECKED),
        kept=report.of(Verdict.KEPT),
        kept_by_group=by_group(report.of(Verdict.KEPT)),
        states=list(State),
        matrix=matrix_parts(report.cells),
        reasons=reasons_of(report.cells),
        Coverage=Coverage,
    )


def by_group(checks: Iterable[ShownCheck]) -> dict[str, list[ShownCheck]]:
    """Put checks together by their groups, in their order."""
    return {group: list(found) for group, found in groupby(checks, lambda check: check.group)}


def matrix_parts(cells: Iterable[CellCoverage]) -> list[MatrixPart]:
    """Put cells in rows: for each operation one for each status."""
    parts: list[MatrixPart] = []
    for operation_id, of_operation in groupby(cells, lambda cell: cell.operation_id):
        rows: list[MatrixRow] = []
        missed = 0
        for status, found in groupby(of_operation, lambda cell: cell.status):
            by_state = {cell.credential: cell for cell in found}
            missed += sum(cell.coverage is Coverage.MISSED for cell in by_state.values())
            rows.append(MatrixRow(status, [by_state.get(state) for state in State]))
        parts.append(MatrixPart(operation_id, missed, rows))
    return parts


def reasons_of(cells: Iterable[CellCoverage]) -> dict[str, str]:
    """Give each reason for which cells cannot be reached a letter, or two."""
    reasons = dict.fromkeys(cell.reason for cell in cells if cell.reason)
    letters = [*ascii_lowercase, *(f"{a}{b}" for a in ascii_lowercase for b in ascii_lowercase)]
    return dict(zip(reasons, letters, strict=False))
