"""What a run covered: every operation by documented status by state of the credential."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from keyfob_contract.rules.profile import Profile
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.journal import Cell
from keyfob_contract.run.vault import State


class Coverage(StrEnum):
    """What may be said of a cell."""

    EXERCISED = "exercised"
    UNREACHABLE = "not reachable"
    MISSED = "missed"


@dataclass(frozen=True)
class CellCoverage:
    """One cell.

    Attributes:
        times: how often it was seen.
        reason: why no request can reach it.
    """

    operation_id: str
    status: int
    credential: State
    coverage: Coverage
    times: int = 0
    reason: str = ""


class Matrix:
    """All cells of some operations."""

    def __init__(
        self,
        operations: Sequence[Operation],
        profile: Profile,
        seen: Mapping[Cell, int],
        skipped: Mapping[State, str],
    ) -> None:
        self.cells = tuple(_cells(operations, profile, seen, skipped))

    def count(self, coverage: Coverage) -> int:
        """Answer how many cells are so."""
        return sum(cell.coverage is coverage for cell in self.cells)

    @property
    def missed(self) -> list[CellCoverage]:
        """The cells that should have been reached and were not."""
        return [cell for cell in self.cells if cell.coverage is Coverage.MISSED]


def _cells(
    operations: Sequence[Operation],
    profile: Profile,
    seen: Mapping[Cell, int],
    skipped: Mapping[State, str],
) -> Iterator[CellCoverage]:
    for operation in operations:
        for status in sorted(status for status in operation.replies if status >= 100):
            for state in State if operation.needs_key else (State.NONE,):
                times = seen.get((operation.id, status, state), 0)
                reason = _why_not(profile, operation, status, state) or skipped.get(state, "")
                if times:
                    coverage = Coverage.EXERCISED
                else:
                    coverage = Coverage.UNREACHABLE if reason else Coverage.MISSED
                yield CellCoverage(
                    operation.id, status, state, coverage, times, "" if times else reason
                )


def _why_not(profile: Profile, operation: Operation, status: int, state: State) -> str:
    """Say why no request reaches a cell; empty if one should."""
    if status >= 500:
        return "a failure of the server's own, which no request brings about"
    if not operation.needs_key:
        return ""
    early = status == 413 and profile.strictness.early_refusals
    match state is State.LIVE, status:
        case True, 401:
            return "a live key is not refused for itself"
        case False, 429:
            return "guesses are limited by address, which others may share"
        case False, _ if status != 401 and not early:
            return "without a live key nothing but 401 is told"
        case _:
            return ""
