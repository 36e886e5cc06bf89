"""The command line: what an operator does.

stdout is for what a command prints, stderr for troubles and for the log. A command exits with 0, or
with 2 for any trouble of its own.
"""

import sys
from typing import NoReturn

import click

from keyfob import __version__
from keyfob.cli.admins import create_admin, reset_password
from keyfob.cli.audit import audit
from keyfob.cli.backup import backup
from keyfob.cli.create_key import create_key
from keyfob.cli.doctor import doctor
from keyfob.cli.grade import grade
from keyfob.cli.migrate import migrate
from keyfob.cli.mock import mock
from keyfob.cli.move_store import move
from keyfob.cli.organizations import create_organization, list_organizations
from keyfob.cli.request import request
from keyfob.cli.restore import restore
from keyfob.cli.serve import serve
from keyfob.cli.troubles import exit_code_of
from keyfob_contract.cli import contract


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="keyfob", message="%(prog)s %(version)s")
def keyfob() -> None:
    """Issue, check and manage the API keys of a visitor-management platform.

    \b
    A first start:
      keyfob create-organization "Example Ltd" --admin-email admin@example.com
      keyfob serve

    \b
    To build against it, with nothing set up:
      keyfob mock

    \b
    All keys are lost, or the last one that may write keys is revoked:
      keyfob create-key --name recovered

    Settings come from the environment: DATABASE_URL names the store (by default keyfob.db in the
    directory you are in), and the README lists them all. Exit codes: 0 fine, 2 trouble, and 1 when
    `audit verify` has found a flaw, `doctor` a problem, `contract` a violation, or `grade` a fault.
    """  # noqa: D301  \b is click's sign for lines that stay as they are


for command in (
    serve,
    mock,
    grade,
    create_organization,
    list_organizations,
    create_key,
    create_admin,
    reset_password,
    audit,
    request,
    migrate,
    doctor,
    backup,
    restore,
    move,
    contract,
):
    keyfob.add_command(command)


def main() -> NoReturn:
    """Run the command that the arguments name, and exit."""
    sys.exit(exit_code_of(lambda: keyfob.main(prog_name="keyfob", standalone_mode=False)))
