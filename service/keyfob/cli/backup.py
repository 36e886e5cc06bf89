"""A copy of the store to keep elsewhere."""

from pathlib import Path

import click

from keyfob.cli.session import opened_keyfob


@click.command("backup", short_help="Copy the store while it is being served.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Copy the SQLite store into FILE, which must not be there yet, and check that it is sound.

    Servers go on meanwhile. The pepper is not in it: keep that apart. A store in PostgreSQL is
    backed up by pg_dump.

    \b
    Example:
      keyfob backup /var/backups/keyfob-$(date +%F).db
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    with opened_keyfob() as keyfob:
        keyfob.store.database.copy_to(file.absolute())
        organizations = keyfob.organizations.list()
    keys = sum(each.key_count for each in organizations)
    click.echo(
        f"{file} holds {len(organizations)} organisations with {keys} keys, or what has become of"
        " them since; it is sound. The pepper is not in it."
    )
