"""The verdicts of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.run.matrix import Matrix


class Verdict(StrEnum):
    """What may be said of one sentence of the contract."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class CheckResult:
    """What came of one check.

    Attributes:
        sentence: of the contract, that it guards.
        reason: why it was not checked.
        stumble: the last of its complaints, if that is of an answer that it could not understand.
        exchanges: how many it took.
    """

    name: str
    group: str
    sentence: str
    verdict: Verdict
    complaints: Sequence[Complaint] = ()
    reason: str = ""
    stumble: str = ""
    seconds: float = 0.0
    exchanges: int = 0


@dataclass(frozen=True)
class RunResult:
    """What came of a run.

    Attributes:
        subject: what was held against the contract: a URL, or this process.
        doubts: why the run proves less than it seems to; with any, it is not green.
        leftovers: what the run made and could not remove, ``path/id``, or a sentence about it all.
        mark: what the names of all that it made begin with.
        interrupted: whether somebody stopped it before its end.
    """

    subject: str
    contract: str
    seed: int
    started_at: str
    seconds: float
    checks: Sequence[CheckResult]
    matrix: Matrix
    exchanges: int
    doubts: Sequence[str] = ()
    leftovers: Sequence[str] = ()
    summary: Sequence[str] = ()
    recorded: Sequence[Exchange] = field(default=(), repr=False)
    mark: str = ""
    interrupted: bool = False

    def of(self, verdict: Verdict) -> list[CheckResult]:
        """Answer the checks with a verdict."""
        return [check for check in self.checks if check.verdict is verdict]

    @property
    def exit_code(self) -> int:
        """0 conforming, 1 violations, 2 could not judge."""
        if self.of(Verdict.BROKEN):
            return 1
        return 2 if self.doubts or not self.of(Verdict.KEPT) else 0
