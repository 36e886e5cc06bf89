"""What is wrong with how Keyfob was set up, and what to do about it."""

import json
from collections.abc import Iterator

import click

from keyfob.cli.session import read_settings
from keyfob.domain.checkup import Finding, examine
from keyfob.domain.opening import system_clock
from keyfob.settings import SettingsError

PROBLEM = 1


@click.command("doctor", short_help="Find out what is wrong, and what to do about it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def doctor(*, as_json: bool) -> None:
    """Look at the settings, the store, its schema, the pepper, the clock and the limiter.

    Nothing is made, migrated or changed. `keyfob audit verify` looks after the audit trail.

    Exit codes: 0 all is well, 1 something is not, 2 trouble.
    """
    findings = [*_findings()]
    click.echo(json.dumps(_as_json(findings)) if as_json else _as_text(findings))
    if not _is_well(findings):
        click.get_current_context().exit(PROBLEM)


def _findings() -> Iterator[Finding]:
    try:
        settings = read_settings()
    except SettingsError as refusal:
        for problem in refusal.problems:
            yield Finding("settings", problem.rstrip("."), "The README lists all settings.")
    else:
        yield from examine(settings, system_clock)


def _is_well(findings: list[Finding]) -> bool:
    return all(finding.remedy is None for finding in findings)


def _as_json(findings: list[Finding]) -> dict[str, object]:
    return {
        "well": _is_well(findings),
        "findings": [
            {"about": each.about, "told": each.told, "remedy": each.remedy} for each in findings
        ],
    }


def _as_text(findings: list[Finding]) -> str:
    lines: list[str] = []
    for each in findings:
        lines.append(
            f"{'ok     ' if each.remedy is None else 'PROBLEM'}  {each.about}: {each.told}"
        )
        if each.remedy is not None:
            lines.append(f"         {each.remedy}")
    return "\n".join(lines)
