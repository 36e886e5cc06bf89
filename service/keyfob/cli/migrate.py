"""The store's schema, brought up to date apart from a start of the server."""

import click

from keyfob.cli.session import read_settings
from keyfob.store.database import open_database
from keyfob.store.migrate import migrate as migrate_store


@click.command("migrate", short_help="Bring the store's schema up to date.")
def migrate() -> None:
    """Make the store if there is none, and bring its schema up to what this version needs.

    `keyfob serve` does so by itself; this is for those who upgrade in steps. Several at once do no
    harm: one migrates, the others wait.
    """
    database = open_database(read_settings())
    try:
        applied = migrate_store(database)
    finally:
        database.close()
    for name in applied:
        click.echo(f"Applied {name}.")
    if not applied:
        click.echo("Nothing to do: the store is up to date.")
