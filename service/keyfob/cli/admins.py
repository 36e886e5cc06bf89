"""Admins: added, and let in again, by the operator."""

import json

import click

from keyfob.cli.arguments import checked_email
from keyfob.cli.create_key import only_organization
from keyfob.cli.session import opened_keyfob
from keyfob.cli.troubles import Trouble
from keyfob.errors import AdminExists, NotFound

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


@click.command("create-admin", short_help="Add an admin to an organisation.")
@click.argument("email", callback=checked_email, metavar="E-MAIL")
@click.option(
    "--organization",
    "organization_id",
    metavar="ORG_ID",
    help="Whose admin it is to be; may be left out while there is only one organisation.",
)
@as_json_option
def create_admin(email: str, organization_id: str | None, *, as_json: bool) -> None:
    """Add an admin, who signs in to the dashboard with E-MAIL.

    The password is printed once, now; it is kept nowhere, and can be changed in the dashboard.

    \b
    Example:
      keyfob create-admin grace@acme.example
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    with opened_keyfob() as keyfob:
        chosen = organization_id or only_organization(keyfob)
        try:
            password = keyfob.admins.create(chosen, email)
        except NotFound:
            raise Trouble(
                f"No organisation has the id {chosen}: `keyfob list-organizations` shows their ids."
            ) from None
        except AdminExists:
            raise Trouble(
                f"{email} is already the address of an admin. Choose another one, or"
                " `keyfob reset-password` if the password was lost."
            ) from None
    _show(email, password, as_json=as_json)


@click.command("reset-password", short_help="Give an admin a new password.")
@click.argument("email", callback=checked_email, metavar="E-MAIL")
@as_json_option
def reset_password(email: str, *, as_json: bool) -> None:
    """Give the admin with this E-MAIL a new password; wherever they are signed in, that ends.

    The password is printed once, now; it is kept nowhere.

    \b
    Example:
      keyfob reset-password ada@acme.example
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    with opened_keyfob() as keyfob:
        try:
            password = keyfob.admins.reset_password(email)
        except NotFound:
            raise Trouble(f"No admin has the address {email}. Check how it is spelt.") from None
    _show(email, password, as_json=as_json)


def _show(email: str, password: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"email": email, "password": password}))
        return
    click.echo(
        "The password is shown this once and kept nowhere. Hand it over safely:\n\n"
        f"  admin     {email}\n"
        f"  password  {password}\n\n"
        "It is for signing in at /dashboard of the server (keyfob serve)."
    )
