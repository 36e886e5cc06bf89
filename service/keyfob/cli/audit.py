"""The audit trail, looked at from outside the API."""

import json
import re
import sys
from collections.abc import Mapping

import click

from keyfob.cli.session import opened_keyfob
from keyfob.cli.troubles import Trouble
from keyfob.domain.audit_chain import ChainReport
from keyfob.domain.keyfob import Keyfob
from keyfob.store.audit import ChainEnd

BROKEN = 1
LONG = 50_000  # events, which take about a second

_HEAD = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", re.ASCII)


def checked_head(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> ChainEnd | None:
    """Answer an end of a chain as this command printed it."""
    if text is None:
        return None
    match = _HEAD.fullmatch(text)
    if match is None:
        raise click.BadParameter("must be a head as this command prints it, such as 12:ab34...")
    return ChainEnd(int(match[1]), match[2])


@click.group(short_help="Look after the audit trail.")
def audit() -> None:
    """Look after the audit trail."""


@audit.command("verify", short_help="Find out whether somebody tampered with the audit trail.")
@click.option(
    "--organization",
    "organization_id",
    metavar="ORG_ID",
    help="Whose events to look at; all organisations', one after the other, if left out.",
)
@click.option(
    "--expect",
    "expected",
    metavar="HEAD",
    callback=checked_head,
    help="A head that was noted before, which the chain of that one organisation must contain.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def verify(organization_id: str | None, expected: ChainEnd | None, *, as_json: bool) -> None:
    """Follow each organisation's chain of events, and name the first that was tampered with.

    Prints the head of each chain: its length and the hash of its last event. Note it elsewhere, and
    give it to --expect another time: only that tells when the latest events were cut off.

    \b
    Examples:
      keyfob audit verify
      keyfob audit verify --organization org_1aB2cD3eF4gH5iJ6kL7mN8 --expect 12:ab34...

    Exit codes: 0 every chain is whole, 1 one is broken, 2 trouble.
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    with opened_keyfob() as keyfob:
        chains = _chains(keyfob, organization_id, only_one=expected is not None)
        reports = _verified(keyfob, chains, expected)
    click.echo(json.dumps(_as_json(reports), default=repr) if as_json else _as_text(reports))
    if not _are_whole(reports):
        click.get_current_context().exit(BROKEN)


def _chains(
    keyfob: Keyfob, organization_id: str | None, *, only_one: bool
) -> Mapping[str, ChainEnd]:
    chains = keyfob.store.audit.ends()
    if organization_id is not None:
        if organization_id not in chains:
            raise Trouble(
                f"No organisation has the id {organization_id}:"
                " `keyfob list-organizations` shows their ids."
            )
        return {organization_id: chains[organization_id]}
    if only_one and len(chains) != 1:
        raise Trouble(f"There are {len(chains)} organisations: say with --organization which one.")
    return chains


def _verified(
    keyfob: Keyfob, chains: Mapping[str, ChainEnd], expected: ChainEnd | None
) -> list[ChainReport]:
    length = sum(end.sequence for end in chains.values())
    hidden = length < LONG or not sys.stderr.isatty()
    with click.progressbar(
        length=length, label="Events", file=sys.stderr, hidden=hidden, show_pos=True
    ) as bar:
        return [keyfob.audit_chains.verify(each, expected, bar.update) for each in chains]


def _are_whole(reports: list[ChainReport]) -> bool:
    return all(report.flaw is None for report in reports)


def _head(end: ChainEnd) -> str:
    return f"{end.sequence}:{end.hash}"


def _as_json(reports: list[ChainReport]) -> dict[str, object]:
    return {"whole": _are_whole(reports), "organizations": [_report_json(each) for each in reports]}


def _report_json(report: ChainReport) -> dict[str, object]:
    flaw = report.flaw
    return {
        "organizationId": report.organization_id,
        "whole": flaw is None,
        "head": _head(report.end) if flaw is None else None,
        "flaw": None
        if flaw is None
        else {
            "kind": flaw.kind.value,
            "sequence": flaw.sequence,
            "eventId": flaw.event_id,
            "explanation": flaw.explanation,
        },
    }


def _as_text(reports: list[ChainReport]) -> str:
    return "\n".join(map(_report_text, reports)) or "There is no organisation yet."


def _report_text(report: ChainReport) -> str:
    flaw = report.flaw
    if flaw is None:
        return f"{report.organization_id}  whole   head {_head(report.end)}"
    event = f"event {flaw.sequence}" + (f" ({flaw.event_id})" if flaw.event_id else "")
    return f"{report.organization_id}  BROKEN  {event} {flaw.kind.value}: {flaw.explanation}"
