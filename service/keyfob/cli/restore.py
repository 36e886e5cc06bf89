"""A backup in place of the store, without what has died since."""

import os
import sqlite3
from collections import Counter
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from keyfob.cli.session import read_settings
from keyfob.cli.troubles import Trouble
from keyfob.domain.opening import open_keyfob
from keyfob.domain.restoring import Death, reapply_deaths
from keyfob.errors import Unavailable
from keyfob.pepper import demand_known_pepper, load_pepper
from keyfob.settings import Settings
from keyfob.store.copying import copy_database
from keyfob.store.database import open_database, store_errors
from keyfob.store.dialect import StoreDatabase, StoreNotOpened
from keyfob.store.migrate import migrate
from keyfob.store.store import Store

_UNREADABLE = (
    "The store that DATABASE_URL names cannot be read, or holds nothing. Keys that were rotated,"
    " revoked or deleted since the backup would come back to life. If that is better than no store:"
    " --accept-resurrected-keys."
)
_NO_FILE = (
    "DATABASE_URL names PostgreSQL. Load the dump into a database of its own (`pg_restore"
    " --no-owner --dbname=URL FILE`), and name its URL instead of the file."
)


@click.command("restore", short_help="Go back to a backup; what has died since stays dead.")
@click.argument("backup", metavar="BACKUP")
@click.option(
    "--accept-resurrected-keys",
    is_flag=True,
    help="Go on although the store of now cannot be read, and nobody knows what has died since.",
)
def restore(backup: str, *, accept_resurrected_keys: bool) -> None:
    """Put BACKUP, a file that `keyfob backup` made, in the place of the store that is served now.

    Rotations, revocations, deletions and expiries of the store of now are done again in it, and so
    are new passwords of the dashboard; all else is as the backup has it. Servers must have stopped.
    The store of now is kept beside the new one.

    With PostgreSQL, BACKUP is the URL of a database into which a dump was loaded; it is brought up
    to the store of now, and then it is yours to serve that one.

    \b
    Examples:
      keyfob restore /var/backups/keyfob-2026-11-24.db
      keyfob restore postgresql://keyfob@db.internal/keyfob_restored
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    settings = read_settings()
    if "://" in backup:
        with _store_of_now(settings, may_be_missed=accept_resurrected_keys) as now:
            deaths = _brought_up(now, replace(settings, database_url=backup))
        click.echo(f"{_told(deaths)} Now serve that database: set DATABASE_URL to it.")
        return
    file = settings.database_file
    if file is None:
        raise Trouble(_NO_FILE)
    with TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.restoring-") as folder:
        draft = Path(folder, file.name)
        _copy(Path(backup), draft)
        with _store_of_now(settings, may_be_missed=accept_resurrected_keys) as now:
            deaths = _brought_up(now, _settings_of_draft(settings, draft))
            kept = _put_in_place(draft, file)
    click.echo(f"{_told(deaths)} {kept}")


@contextmanager
def _store_of_now(settings: Settings, *, may_be_missed: bool) -> Generator[Store | None]:
    with closing(open_database(settings)) as database:
        if _holds_something(database):
            with store_errors(), database.exclusively():
                yield Store(database)
        elif may_be_missed:
            yield None
        else:
            raise Trouble(_UNREADABLE)


def _holds_something(database: StoreDatabase) -> bool:
    try:
        with store_errors():
            if not database.exists():
                return False
        migrate(database)
        return Store(database).organizations.any()
    except (StoreNotOpened, Unavailable):
        return False


def _brought_up(now: Store | None, settings: Settings) -> Counter[Death]:
    restored = open_keyfob(settings, may_create=False)
    with closing(restored.store.database):
        if not restored.organizations.any():
            raise Trouble("There is no organisation in the backup: it is none.")
        return Counter() if now is None else reapply_deaths(now, restored)


def _copy(backup: Path, draft: Path) -> None:
    if not backup.is_file():
        raise Trouble(f"There is no file {backup}.")
    with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        copy_database(opened, draft)


def _settings_of_draft(settings: Settings, draft: Path) -> Settings:
    of_draft = replace(settings, database_url=f"sqlite:///{draft}")
    with closing(open_database(of_draft)) as database:
        migrate(database)
        demand_known_pepper(settings, database)
    return replace(of_draft, pepper=load_pepper(settings).decode())


def _put_in_place(draft: Path, file: Path) -> str:
    with closing(sqlite3.connect(draft)) as finished:
        finished.execute("PRAGMA journal_mode = DELETE")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = file.with_name(f"{file.name}.before-restore-{stamp}")
    was_there = file.exists()
    if was_there:
        os.link(file, kept)
    # What a store that could not be read has left beside it would be taken for the new one's.
    for suffix in ("-wal", "-shm", "-journal"):
        if (rest := file.with_name(file.name + suffix)).exists():
            rest.rename(kept.with_name(kept.name + suffix))
    draft.replace(file)
    return f"The store as it was is {kept}." if was_there else ""


def _told(deaths: Counter[Death]) -> str:
    done = ", ".join(f"{count} {death.value}" for death, count in sorted(deaths.items()) if count)
    return (
        f"The backup is whole. Done again in it: {done or 'nothing, for nothing has died since'}."
    )
