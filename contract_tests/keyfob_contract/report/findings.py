"""All there is to tell of a run, without any key's value and printable: what every report shows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from keyfob import __version__
from keyfob_contract.report.curl import curl
from keyfob_contract.report.masking import Mask, printable
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.run.matrix import CellCoverage, Coverage
from keyfob_contract.run.results import CheckResult, RunResult, Verdict
from keyfob_contract.run.vault import State, Vault

MOST_SHOWN_OF_A_BODY = 4_000
MOST_EVIDENCE = 40

VERDICTS = {0: "conforming", 1: "violations", 2: "could not judge"}


@dataclass(frozen=True)
class ShownExchange:
    """One exchange that shows something.

    Attributes:
        asked: method and target.
        answered: status and code.
        command: for bash, that asks the same again.
        reply: status, headers and body as they came.
    """

    asked: str
    answered: str
    command: str
    reply: str
    body: str


@dataclass(frozen=True)
class ShownComplaint:
    """One thing that is wrong, with the exchanges that show it, in their order."""

    text: str
    times: int
    evidence: tuple[ShownExchange, ...]


@dataclass(frozen=True)
class ShownCheck:
    """What came of one check."""

    name: str
    group: str
    sentence: str
    verdict: Verdict
    reason: str
    seconds: float
    exchanges: int
    complaints: tuple[ShownComplaint, ...]


@dataclass(frozen=True)
class Report:
    """What came of a run.

    Attributes:
        part: what part of the checks was asked for; empty if it was all of them.
        mark: what the names of all that the run made begin with.
        variables: what each variable of the commands stands for.
    """

    version: str
    subject: str
    contract: str
    part: str
    seed: int
    started_at: str
    seconds: float
    exchanges: int
    exit_code: int
    mark: str
    checks: tuple[ShownCheck, ...]
    cells: Sequence[CellCoverage]
    doubts: tuple[str, ...]
    leftovers: tuple[str, ...]
    summary: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def verdict(self) -> str:
        """The verdict in a word or three."""
        return VERDICTS[self.exit_code]

    @property
    def url(self) -> str | None:
        """Where the commands have to go; None if what was judged is gone by now."""
        return self.subject if "://" in self.subject else None

    def of(self, *verdicts: Verdict) -> list[ShownCheck]:
        """Answer the checks with one of these verdicts."""
        return [check for check in self.checks if check.verdict in verdicts]

    def count(self, coverage: Coverage) -> int:
        """Answer how many cells of the matrix are so."""
        return sum(cell.coverage is coverage for cell in self.cells)

    @property
    def missed(self) -> dict[tuple[str, State], list[int]]:
        """The cells that were missed: by operation and credential, the statuses."""
        found: dict[tuple[str, State], list[int]] = {}
        for cell in self.cells:
            if cell.coverage is Coverage.MISSED:
                found.setdefault((cell.operation_id, cell.credential), []).append(cell.status)
        return found


def report_of(result: RunResult, vault: Vault, mask: Mask, part: str = "") -> Report:
    """Answer what may be told of a run whose values the vault knows, and the mask hides."""
    checks = tuple(_check(mask, each) for each in result.checks)
    commands = (e.command for check in checks for c in check.complaints for e in c.evidence)
    return Report(
        version=__version__,
        subject=mask.show(result.subject),
        contract=mask.show(result.contract),
        part=part,
        seed=result.seed,
        started_at=result.started_at,
        seconds=result.seconds,
        exchanges=result.exchanges,
        exit_code=result.exit_code,
        mark=result.mark,
        checks=checks,
        cells=result.matrix.cells,
        doubts=tuple(map(mask.show, result.doubts)),
        leftovers=tuple(map(mask.show, result.leftovers)),
        summary=tuple(map(mask.show, result.summary)),
        variables=dict(_variables(vault, "\n".join(commands))),
    )


def story_of(check: ShownCheck) -> Iterator[str]:
    """Answer what a broken check has to tell, in lines of plain text."""
    yield check.sentence
    for complaint in check.complaints:
        yield ""
        yield f"- {complaint.text}" + (f" ({complaint.times} times)" if complaint.times > 1 else "")
        for exchange in complaint.evidence:
            yield ""
            yield exchange.command
            yield f"-> {exchange.answered}"
            yield exchange.body


def shown_complaint(mask: Mask, complaint: Complaint) -> ShownComplaint:
    """Answer what may be told of a complaint; of a long story the end."""
    evidence = complaint.evidence[-MOST_EVIDENCE:]
    return ShownComplaint(
        text=mask.show(complaint.text),
        times=complaint.times,
        evidence=tuple(_exchange(mask, each) for each in evidence),
    )


def _check(mask: Mask, check: CheckResult) -> ShownCheck:
    return ShownCheck(
        name=check.name,
        group=check.group,
        sentence=printable(" ".join(check.sentence.split())),
        verdict=check.verdict,
        reason=mask.show(check.reason),
        seconds=check.seconds,
        exchanges=check.exchanges,
        complaints=tuple(shown_complaint(mask, each) for each in check.complaints),
    )


def _exchange(mask: Mask, exchange: Exchange) -> ShownExchange:
    body = mask.hide_in_body(exchange.reply.body)
    shown = printable(body[:MOST_SHOWN_OF_A_BODY])
    if len(body) > MOST_SHOWN_OF_A_BODY:
        shown += f"… ({len(body)} characters)"
    headers = (mask.show(f"{name}: {value}") for name, value in exchange.reply.headers)
    return ShownExchange(
        asked=mask.show(f"{exchange.request.method} {exchange.request.target}"),
        answered=mask.show(f"{exchange.status} {exchange.code or ''}".rstrip()),
        command=curl(exchange.request, mask),
        reply="\n".join([str(exchange.status), *headers, "", shown]),
        body=shown,
    )


def _variables(vault: Vault, commands: str) -> Iterator[tuple[str, str]]:
    used = set(re.findall(r"\$\{?(\w+)", commands))
    for value, name in vault.names.items():
        if name in used:
            yield name, _meaning(name, vault.state_of_value(value))


def _meaning(name: str, state: State) -> str:
    match name, state:
        case "ADMIN_KEY", _:
            return "the admin key that was given"
        case "OTHER_ADMIN_KEY", _:
            return "the other organisation's admin key that was given"
        case _, State.LIVE:
            return "a key that the run made"
        case _, State.MISTYPED | State.UNKNOWN:
            return f"a value that is {state}"
        case _:
            return f"a key that the run made, in the end {state}"
