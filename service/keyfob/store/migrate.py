"""Bring the schema of a store up to this code, or say why the two do not go together."""

from collections import Counter
from pathlib import Path

from playhouse.migrations import Migration, MigrationError, Runner

from keyfob import __version__
from keyfob.settings import StartRefused
from keyfob.store.database import store_errors
from keyfob.store.dialect import StoreDatabase

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaTooNew(StartRefused):
    """A newer Keyfob has changed the store; this one would misread it."""


class SchemaTooOld(StartRefused):
    """The store lacks changes that this Keyfob relies on."""


def migrate(database: StoreDatabase, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what is pending, all of it or nothing, and answer the names.

    Any number of processes may do so at once: one migrates, the others wait and find it done.

    Raises:
        SchemaTooNew: the store has seen a migration that this code does not know.
    """
    database.create_if_missing()
    runner = _runner(database, directory)
    with store_errors(), database.migrating():
        history = runner.status()
        _refuse_newer(history)
        if all(each.applied for each in history):
            return []
        dangled_before = database.dangling_references()
        applied = runner.up()
        _refuse_further(database.dangling_references() - dangled_before)
    return applied


def check_schema(database: StoreDatabase, directory: Path = MIGRATIONS) -> None:
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


def _runner(database: StoreDatabase, directory: Path) -> Runner:
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


def _refuse_further(dangling: Counter[tuple[str, str]]) -> None:
    # Only what a migration broke is its fault: with what somebody else did to the store, the
    # service starts as before, and `keyfob audit verify` has something to say.
    for table, parent in dangling:
        raise MigrationError(
            f"A migration left a row of {table} that refers to no row of {parent}."
        )
