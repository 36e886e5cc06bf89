"""Bring the schema of a store up to this code, or say why the two do not go together."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import peewee
from playhouse.migrations import Migration, MigrationError, Runner

from keyfob import __version__
from keyfob.settings import StartRefused
from keyfob.store.database import create_if_missing, store_errors, transaction

MIGRATIONS = Path(__file__).parent / "migrations"

LOCK_WAIT_MS = 60_000
"""How long a start waits for another that is migrating: longer than any request should wait."""


class SchemaTooNew(StartRefused):
    """A newer Keyfob has changed the store; this one would misread it."""


class SchemaTooOld(StartRefused):
    """The store lacks changes that this Keyfob relies on."""


def migrate(database: peewee.Database, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what is pending, all of it or nothing, and answer the names.

    Any number of processes may do so at once: one migrates, the others wait and find it done.

    Raises:
        SchemaTooNew: the store has seen a migration that this code does not know.
    """
    create_if_missing(database)
    runner = _runner(database, directory)
    with _alone(database):
        history = runner.status()
        _refuse_newer(history)
        if all(each.applied for each in history):
            return []
        dangled_before = _dangling_references(database)
        applied = runner.up()
        _refuse_further(_dangling_references(database) - dangled_before)
    return applied


def check_schema(database: peewee.Database, directory: Path = MIGRATIONS) -> None:
    """Make sure that the store has seen exactly the migrations that this code knows.

    Raises:
        SchemaTooNew: it has seen one that this code does not know.
        SchemaTooOld: it has not seen them all.
    """
    with store_errors():
        history = _runner(database, directory).status()
    _refuse_newer(history)
    pending = [each.name for each in history if not each.applied]
    if pending:
        raise SchemaTooOld(
            f"The store lacks {', '.join(pending)}, on which Keyfob {__version__} relies."
            " Run `keyfob migrate`."
        )


@contextmanager
def _alone(database: peewee.Database) -> Generator[None]:
    # The connection is closed afterwards, and with it the two pragmas end. Foreign keys are off
    # because SQLite alters a table by dropping it: that would delete whatever refers to its rows.
    # The runner's own attempt to switch them off does nothing inside a transaction.
    with store_errors(), database.connection_context():
        if isinstance(database, peewee.SqliteDatabase):
            database.pragma("foreign_keys", 0)
            database.pragma("busy_timeout", LOCK_WAIT_MS)
        with transaction(database):
            yield


def _runner(database: peewee.Database, directory: Path) -> Runner:
    return Runner(database, str(directory))


def _refuse_newer(history: list[Migration]) -> None:
    unknown = [each.name for each in history if each.path is None]
    if not unknown:
        return
    known = [each.name for each in history if each.path is not None]
    raise SchemaTooNew(
        f"The store is at {unknown[-1]}, which Keyfob {__version__} does not know: it knows the"
        f" schema up to {known[-1]}. Run the version of Keyfob that last served this store, or a"
        " newer one, or restore a backup from before the upgrade."
    )


def _dangling_references(database: peewee.Database) -> Counter[tuple[str, str]]:
    """Count the rows that refer to none, by their table and the one that they refer to."""
    if not isinstance(database, peewee.SqliteDatabase):
        return Counter()
    rows = database.execute_sql("PRAGMA foreign_key_check").fetchall()
    return Counter((table, parent) for table, _row_id, parent, _constraint in rows)


def _refuse_further(dangling: Counter[tuple[str, str]]) -> None:
    # Only what a migration broke is its fault: with what somebody else did to the store, the
    # service starts as before, and `keyfob audit verify` has something to say.
    for table, parent in dangling:
        raise MigrationError(
            f"A migration left a row of {table} that refers to no row of {parent}."
        )
