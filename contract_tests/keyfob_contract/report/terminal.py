"""The verdict for somebody at a terminal, or in the log of a CI job."""

from collections import Counter
from collections.abc import Iterator
from textwrap import indent, wrap

import click

from keyfob_contract.report.findings import Report, ShownCheck, ShownComplaint, ShownExchange
from keyfob_contract.run.matrix import Coverage
from keyfob_contract.run.results import Verdict

WIDTH = 100
MOST_COMPLAINTS = 4
MOST_EVIDENCE = 6
MOST_OF_A_BODY = 300
MOST_MISSED = 15
MOST_NAMED = 20

COLOURS = {0: "green", 1: "red", 2: "yellow"}


def rendered(report: Report) -> str:
    """Answer what is to be read, with colours."""
    return "\n".join(
        [
            *_broken(report),
            *_not_checked(report),
            *_doubts(report),
            *_left_behind(report),
            *_made_up(report),
            *_coverage(report),
            *_verdict(report),
        ]
    )


def _broken(report: Report) -> Iterator[str]:
    for check in report.of(Verdict.BROKEN):
        yield f"{click.style('BROKEN', fg='red', bold=True)}  {check.name}  ({check.group})"
        yield from _paragraph(check.sentence, "  ")
        yield ""
        for complaint in check.complaints[:MOST_COMPLAINTS]:
            yield from _complaint(complaint)
        if (rest := len(check.complaints) - MOST_COMPLAINTS) > 0:
            yield f"  and {rest} more\n"
    if report.variables:
        yield f"  URL={report.url or '...'}"
        yield from (f"  {name}: {meaning}" for name, meaning in report.variables.items())
        yield ""


def _complaint(complaint: ShownComplaint) -> Iterator[str]:
    times = f" ({complaint.times} times)" if complaint.times > 1 else ""
    yield from _paragraph(click.style(f"- {complaint.text}{times}", bold=True), "  ", "    ")
    if (earlier := len(complaint.evidence) - MOST_EVIDENCE) > 0:
        yield f"    (after {earlier} other exchanges)"
    for exchange in complaint.evidence[-MOST_EVIDENCE:]:
        yield from _exchange(exchange)
    yield ""


def _exchange(exchange: ShownExchange) -> Iterator[str]:
    yield indent(exchange.command, "    ")
    body = exchange.body.replace("\n", " ")
    cut = f"{body[:MOST_OF_A_BODY]}…" if len(body) > MOST_OF_A_BODY else body
    yield click.style(f"    -> {exchange.answered}  {cut}".rstrip(), dim=True)


def _not_checked(report: Report) -> Iterator[str]:
    for reason, checks in _by_reason(report.of(Verdict.NOT_CHECKED)).items():
        yield f"{click.style('NOT CHECKED', fg='yellow', bold=True)}  {reason}"
        yield from _paragraph(_named(checks), "  ")
        yield ""


def _named(checks: list[ShownCheck]) -> str:
    """Name checks or, of a run that ended early, the groups of all that were to come."""
    if len(checks) <= MOST_NAMED:
        return ", ".join(check.name for check in checks)
    groups = Counter(check.group for check in checks)
    told = ", ".join(f"{number} of {group}" for group, number in groups.items())
    return f"{len(checks)} checks: {told}"


def _by_reason(checks: list[ShownCheck]) -> dict[str, list[ShownCheck]]:
    found: dict[str, list[ShownCheck]] = {}
    for check in checks:
        found.setdefault(check.reason, []).append(check)
    return found


def _doubts(report: Report) -> Iterator[str]:
    for doubt in report.doubts:
        yield from _paragraph(f"{click.style('DOUBT', fg='yellow', bold=True)}  {doubt}", "", "  ")
    if report.doubts:
        yield ""


def _made_up(report: Report) -> Iterator[str]:
    for line in report.summary:
        if not line.startswith(" "):  # the other reports have its details
            yield from _paragraph(line, "")
    if report.summary:
        yield ""


def _left_behind(report: Report) -> Iterator[str]:
    paths = [leftover for leftover in report.leftovers if leftover.startswith("/")]
    folders = Counter(path.rpartition("/")[0] for path in paths)
    for trouble in [leftover for leftover in report.leftovers if leftover not in paths]:
        yield from _paragraph(f"{click.style('Left behind', bold=True)}: {trouble}", "")
        yield ""
    if folders:
        told = ", ".join(f"{count} in {folder}" for folder, count in folders.items())
        title = click.style("Left behind", bold=True)
        yield from _paragraph(f"{title}, named {report.mark}, as it cannot be deleted: {told}", "")
        yield ""


def _coverage(report: Report) -> Iterator[str]:
    counts = ", ".join(_counted(report, each) for each in Coverage)
    title = click.style("Coverage", bold=True)
    yield from _paragraph(f"{title} of operation, status and credential: {counts}", "", "  ")
    if report.part or report.doubts:
        return  # what was not asked for, or not come to, is bound to be missed
    missed = list(report.missed.items())
    for (operation_id, credential), statuses in missed[:MOST_MISSED]:
        told = ", ".join(map(str, statuses))
        yield f"  missed: {operation_id} with credential {credential}: {told}"
    if (rest := len(missed) - MOST_MISSED) > 0:
        yield f"  and {rest} more"


def _counted(report: Report, coverage: Coverage) -> str:
    """Say how many cells are so, and why, where there are reasons: the most frequent one."""
    reasons = Counter(c.reason for c in report.cells if c.coverage is coverage and c.reason)
    why = "".join(f" (mostly: {reason})" for reason, _ in reasons.most_common(1))
    return f"{report.count(coverage):,} {coverage}{why}"


def _verdict(report: Report) -> Iterator[str]:
    counts = ", ".join(f"{len(report.of(verdict))} {verdict}" for verdict in Verdict)
    word = click.style(report.verdict.upper(), fg=COLOURS[report.exit_code], bold=True)
    yield ""
    yield f"{word}  {report.contract} at {report.subject}"
    if report.part:
        yield f"{report.part}: all else was left out"
    yield f"{counts}; {report.exchanges:,} exchanges in {report.seconds:.1f} s, seed {report.seed}"


def _paragraph(text: str, first: str, others: str | None = None) -> list[str]:
    later = first if others is None else others
    return wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
