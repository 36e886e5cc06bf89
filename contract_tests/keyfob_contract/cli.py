"""``keyfob contract``: the command line of the kit.

All that takes long to import is imported once the command runs: this module belongs to the start of
every other command of Keyfob's, too.
"""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from keyfob_contract.session.judging import Judgement
    from keyfob_contract.session.order import Order

INTERRUPTED = 130  # as shells say it of SIGINT
REPORTS = ("json", "junit", "html", "har")


class NoVerdict(click.ClickException):
    """The message says why there is none, and what to do about it."""

    exit_code = 2


def checked_report(
    _context: click.Context, _parameter: click.Parameter, file: Path | None
) -> Path | None:
    """Answer where a report is to be written, before the work that it tells of is done."""
    if file is not None and not file.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.absolute().parent}.")
    return file


def report_option(name: str, meaning: str) -> Any:
    """Make the option that says where a report is to be written."""
    return click.option(
        f"--{name}",
        f"{name}_file",
        type=click.Path(path_type=Path, dir_okay=False, writable=True),
        callback=checked_report,
        metavar="FILE",
        help=meaning,
    )


existing_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("contract", short_help="Find out whether an implementation keeps the contract.")
@click.option(
    "--url",
    envvar="CONTRACT_URL",
    metavar="URL",
    help="The server to judge; this service in this process, if left out.",
)
@click.option(
    "--admin-key",
    envvar="CONTRACT_ADMIN_KEY",
    metavar="KEY",
    help="A key of that server with every scope on every site. CONTRACT_ADMIN_KEY keeps it out of"
    " the list of processes.",
)
@click.option(
    "--other-admin-key",
    envvar="CONTRACT_OTHER_ADMIN_KEY",
    metavar="KEY",
    help="The same of another organisation; without it nothing is known of what one organisation"
    " sees of another. Also CONTRACT_OTHER_ADMIN_KEY.",
)
@click.option(
    "--database-url",
    envvar="CONTRACT_DATABASE_URL",
    metavar="URL",
    help="An empty PostgreSQL database for the service in this process, which else has a file of"
    " its own. Also CONTRACT_DATABASE_URL.",
)
@click.option(
    "--spec", type=existing_file, metavar="FILE", help="Another OpenAPI 3 file to judge by."
)
@click.option(
    "--profile",
    type=existing_file,
    metavar="FILE",
    help="A contract.toml, which says what that file cannot.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="A check, a group of checks, or an operationId, to which checks that walk the operations"
    " then keep; repeat for more.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="Leave out the generated requests and stories: seconds, not minutes.",
)
@click.option("--list", "as_list", is_flag=True, help="List the checks, and judge nothing.")
@click.option(
    "--max-examples",
    "cases",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="How many requests are generated.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Another seed generates other requests.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="How long it may take; checks for which no time is left are not checked.",
)
@report_option("json", "Write the verdict for programs.")
@report_option("junit", "Write the verdict for a CI server.")
@report_option("html", "Write the verdict for reading: one page that needs no other file.")
@report_option("har", "Write down every exchange.")
@click.option(
    "--self-test",
    is_flag=True,
    help="Judge services that are broken on purpose, and show which check notices what; --only"
    " takes a fault, a group of them, or the check that is there for them.",
)
def contract(*, as_list: bool, self_test: bool, **asked: Any) -> None:
    """Judge a running implementation by openapi.yaml, operation by operation.

    Makes keys of its own and removes them in the end, also after Ctrl-C. Sites, visitors, employees
    and deliveries, which no operation deletes, stay, some dozens of each, and are listed. All of it
    is named kit-…; it touches nothing else. No report holds a key.

    \b
    Examples:
      keyfob contract
      CONTRACT_ADMIN_KEY=kfb_... keyfob contract --url http://127.0.0.1:8080 --html report.html
      keyfob contract --quick --only revoked_key_is_refused --only listApiKeys

    Exit codes: 0 it conforms, 1 it does not, 2 there is no telling, 130 interrupted.
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    if as_list:
        click.echo(_list(), color=_color())
    elif self_test:
        _self_test(asked["only"])
    else:
        files = {name: asked.pop(f"{name}_file") for name in REPORTS}
        _judge(_order(record=files["har"] is not None, **asked), files)


def _order(**asked: Any) -> "Order":
    from keyfob_contract.session.order import Order  # noqa: PLC0415

    return Order(**asked)


def _judge(order: "Order", files: dict[str, Path | None]) -> None:
    from keyfob_contract.report import terminal  # noqa: PLC0415
    from keyfob_contract.report.progress import shown_progress  # noqa: PLC0415
    from keyfob_contract.session.judging import judge  # noqa: PLC0415
    from keyfob_contract.session.order import CannotJudge  # noqa: PLC0415

    try:
        with shown_progress() as progress:
            judgement = judge(order, progress)
    except CannotJudge as trouble:
        raise NoVerdict(str(trouble)) from trouble
    except KeyboardInterrupt as impatience:
        click.echo(f"Interrupted. {impatience}", err=True)
        click.get_current_context().exit(INTERRUPTED)
    unwritten = _write(judgement, files)
    click.echo(terminal.rendered(judgement.report), color=_color())
    if unwritten:
        raise NoVerdict(unwritten)
    interrupted = judgement.result.interrupted
    click.get_current_context().exit(INTERRUPTED if interrupted else judgement.report.exit_code)


def _write(judgement: "Judgement", files: dict[str, Path | None]) -> str:
    """Write the reports, and answer what could not be written."""
    troubles: list[str] = []
    for name, file in files.items():
        if file is not None:
            text = _rendered(name, judgement)
            try:
                file.write_text(text, encoding="utf-8", errors="backslashreplace")
            except OSError as trouble:
                troubles.append(f"{file} could not be written: {trouble.strerror}.")
    return " ".join(troubles)


def _rendered(name: str, judgement: "Judgement") -> str:
    from keyfob_contract.report import har, html, json_report, junit  # noqa: PLC0415

    match name:
        case "json":
            return json_report.rendered(judgement.report)
        case "junit":
            return junit.rendered(judgement.report)
        case "html":
            return html.rendered(judgement.report)
        case _:
            return har.rendered(judgement.report, judgement.result.recorded, judgement.mask)


def _list() -> str:
    from keyfob_contract.report.catalogue import rendered  # noqa: PLC0415

    return rendered()


def _self_test(only: tuple[str, ...]) -> None:
    from keyfob_contract.report import self_test  # noqa: PLC0415
    from keyfob_contract.report.progress import shown_fault_progress  # noqa: PLC0415

    # What libraries think of each other, here and in the processes that this one starts.
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    warnings.simplefilter("ignore")
    from keyfob_contract.faults.self_test import run_self_test  # noqa: PLC0415

    with shown_fault_progress() as progress:
        result = run_self_test(progress, only)
    click.echo(self_test.rendered(result), color=_color())
    click.get_current_context().exit(result.exit_code)


def _color() -> bool | None:
    return False if "NO_COLOR" in os.environ else None
