"""Organisations: made and listed by the operator only."""

import json

import click

from keyfob.cli.arguments import checked_email, checked_name
from keyfob.cli.secrets import invoked_as, server_url_option, trial
from keyfob.cli.session import opened_keyfob
from keyfob.cli.troubles import Trouble
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.organizations import NewOrganization
from keyfob.errors import AdminExists

ALREADY_THERE = (
    "There is already an organisation, so nothing was made. If its key was lost,"
    " `{keyfob} create-key --name recovered` makes a new one; `{keyfob} reset-password E-MAIL`"
    " makes an admin a new password."
)


@click.command("create-organization", short_help="Make an organisation, its admin and a key.")
@click.argument("name", callback=checked_name)
@click.option(
    "--admin-email",
    required=True,
    callback=checked_email,
    metavar="E-MAIL",
    help="Address with which the first admin signs in; no other admin may have it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.option("--if-empty", is_flag=True, help="Do nothing if there is an organisation already.")
@server_url_option
def create_organization(
    name: str, admin_email: str, *, as_json: bool, if_empty: bool, server_url: str
) -> None:
    """Make the organisation NAME, its first admin, and a key with every scope on every site.

    The admin's password and the key are printed once, now; they are kept nowhere.

    \b
    Examples:
      keyfob create-organization "Example Ltd" --admin-email admin@example.com
      keyfob create-organization Acme --admin-email a@acme.example --json | jq -r .key.key
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    with opened_keyfob(may_create=True) as keyfob:
        made = _create(keyfob, name, admin_email, only_first=if_empty)
    if made is None:
        click.echo(ALREADY_THERE.format(keyfob=invoked_as()), err=True)
    elif as_json:
        click.echo(json.dumps(_as_json(made)))
    else:
        click.echo(_as_text(name, made, server_url))


@click.command("list-organizations", short_help="List organisations and their ids.")
def list_organizations() -> None:
    """List every organisation, oldest first: its id, how many keys it has, and its name."""
    with opened_keyfob() as keyfob:
        listed = keyfob.organizations.list()
    for organization in listed:
        click.echo(f"{organization.id}  {organization.key_count:>5} keys  {organization.name}")
    if not listed:
        click.echo("There is none yet: `keyfob create-organization` makes one.", err=True)


def _create(
    keyfob: Keyfob, name: str, admin_email: str, *, only_first: bool
) -> NewOrganization | None:
    # Within one transaction: of two that find the store empty at once, one waits for the other.
    with keyfob.store.transaction():
        if only_first and keyfob.organizations.any():
            return None
        try:
            return keyfob.organizations.create(name, admin_email)
        except AdminExists:
            raise Trouble(
                f"{admin_email} is already the address of an admin. Choose another one."
            ) from None


def _as_json(made: NewOrganization) -> dict[str, object]:
    return {
        "organizationId": made.id,
        "admin": {"email": made.admin_email, "password": made.admin_password},
        "key": {"id": made.key.id, "key": made.key_value},
    }


def _as_text(name: str, made: NewOrganization, server_url: str) -> str:
    return (
        f"Made the organisation {name} ({made.id}).\n\n"
        "Its two secrets are shown this once and kept nowhere. Store them safely:\n\n"
        f"  admin     {made.admin_email}\n"
        f"  password  {made.admin_password}\n"
        f"  API key   {made.key_value}\n\n"
        f"Sign in, once the server runs (keyfob serve): {server_url}/dashboard\n\n"
        f"{trial(made.key_value, server_url)}"
    )
