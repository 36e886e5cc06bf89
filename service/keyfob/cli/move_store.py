"""From one file to a server for many."""

from contextlib import closing
from dataclasses import replace

import click

from keyfob.cli.session import read_settings
from keyfob.cli.troubles import Trouble
from keyfob.domain.opening import open_keyfob
from keyfob.pepper import load_pepper, pepper_file
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.migrate import migrate
from keyfob.store.moving import MovedTable, move_store


@click.command("move-store", short_help="Move the store from SQLite to PostgreSQL.")
@click.option(
    "--to",
    "target_url",
    envvar="TARGET_DATABASE_URL",
    required=True,
    metavar="URL",
    help="An empty PostgreSQL database: postgresql://user:password@host:port/database."
    " TARGET_DATABASE_URL keeps it out of the list of processes.",
)
def move(target_url: str) -> None:
    """Copy everything that DATABASE_URL names into an empty PostgreSQL database.

    Nobody may have the store open meanwhile. Every row is read back and compared before anything is
    kept, and then every audit chain is verified. The SQLite file stays as it is.

    \b
    Example:
      keyfob move-store --to postgresql://keyfob@db.internal/keyfob
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    settings = read_settings()
    if not target_url.startswith(("postgresql://", "postgres://")):
        raise Trouble("--to must be postgresql://user:password@host:port/database.")
    if settings.database_file is None:
        raise Trouble("DATABASE_URL names no SQLite file, which is what this command moves.")
    with closing(open_keyfob(settings, may_create=False).store.database) as source:
        pepper = load_pepper(settings).decode()
        target_settings = replace(settings, database_url=target_url, pepper=pepper)
        with closing(open_database(target_settings)) as target:
            migrate(target)
            tables = move_store(source, target)
    chains = _verified_chains(target_settings)
    click.echo(_told(tables, chains))
    click.echo(_what_is_next(settings))


def _verified_chains(settings: Settings) -> int:
    keyfob = open_keyfob(settings, may_create=False)
    with closing(keyfob.store.database):
        chains = keyfob.store.audit.ends()
        broken = [each for each in chains if keyfob.audit_chains.verify(each).flaw is not None]
    if broken:
        raise Trouble(
            f"All rows are there, but the audit chains of {', '.join(broken)} are broken, as they"
            " were before: `keyfob audit verify` says where."
        )
    return len(chains)


def _told(tables: list[MovedTable], chains: int) -> str:
    lines = [f"{each.name:<20}{each.rows:>10}  {each.fingerprint[:16]}" for each in tables]
    rows = sum(each.rows for each in tables)
    lines.append(
        f"{rows} rows of {len(tables)} tables were read back and are the same; {chains} audit"
        " chains are whole."
    )
    return "\n".join(lines)


def _what_is_next(settings: Settings) -> str:
    next_step = "Now start the servers with DATABASE_URL set to where it is"
    if settings.pepper is None:
        next_step += f" and KEYFOB_PEPPER_FILE={pepper_file(settings)}"
    return f"{next_step}, and with REDIS_URL. The SQLite file is as it was; do not serve it again."
