"""Bring the schema of a store up to this code, or say why the two do not go together."""

from collections import Counter
from pathlib import Path

from playhouse.migrations import Migration, MigrationError, Runner

from keyfob import __version__
from keyfob.settings import StartRefused
from keyfob.store.database import store_errors
from keyfob.store.dialect import StoreDatabase
from keyfob.store.tables import StoreSetting

MIGRATIONS = Path(__file__).parent / "migrations"

SERVED_BY = "schema_served_by"
"""The setting of the store that names its last migration, and the one that others must know."""


class SchemaTooNew(StartRefused):
    """A newer Keyfob has changed the store; this one would misread it."""


class SchemaTooOld(StartRefused):
    """The store lacks changes that this Keyfob relies on."""


def migrate(database: StoreDatabase, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what is pending, all of it or nothing, and answer the names.

    Any number of processes may do so at once: one migrates, the others wait and find it done.

    Raises:
        SchemaTooNew: the store has seen a migration that this code does not know, and which does
            not go together with it.
    """
    database.create_if_missing()
    runner = _runner(database, directory)
    with store_errors(), database.migrating():
        history = runner.status()
        _refuse_newer(database, history)
        if all(each.applied for each in history):
            return []
        dangled_before = database.dangling_references()
        applied = runner.up()
        _refuse_further(database.dangling_references() - dangled_before)
        _note_who_may_serve(database, history)
    return applied


def check_schema(database: StoreDatabase, directory: Path = MIGRATIONS) -> None:
    """Make sure that the store has seen the migrations that this code knows.

    Raises:
        SchemaTooNew: it has seen one that this code does not know, nor goes together with.
        SchemaTooOld: it has not seen them all.
    """
    with store_errors():
        history = _runner(database, directory).status()
        _refuse_newer(database, history)
    pending = [each.name for each in history if not each.applied]
    if pending:
        raise SchemaTooOld(
            f"The store lacks {', '.join(pending)}, on which Keyfob {__version__} relies."
            " Run `keyfob migrate`."
        )


def _runner(database: StoreDatabase, directory: Path) -> Runner:
    return Runner(database, str(directory))


def _refuse_newer(database: StoreDatabase, history: list[Migration]) -> None:
    unknown = [each.name for each in history if each.path is None]
    known = [each.name for each in history if each.path is not None]
    if not unknown or _may_serve(database, known[-1], head=unknown[-1]):
        return
    raise SchemaTooNew(
        f"The store is at {unknown[-1]}, which Keyfob {__version__} does not know: it knows the"
        f" schema up to {known[-1]}. Run the version of Keyfob that last served this store, or a"
        " newer one, or restore a backup from before the upgrade."
    )


def _note_who_may_serve(database: StoreDatabase, history: list[Migration]) -> None:
    oldest = history[0].name
    for each in history:
        oldest = getattr(each.load(), "SERVED_FROM", oldest)
    note = {StoreSetting.name: SERVED_BY, StoreSetting.value: f"{history[-1].name} {oldest}"}
    StoreSetting.insert(note).on_conflict(
        conflict_target=(StoreSetting.name,), update={StoreSetting.value: note[StoreSetting.value]}
    ).execute(database)


def _may_serve(database: StoreDatabase, known: str, head: str) -> bool:
    """Say whether who migrated the store up to its head has left it to those who know this much."""
    query = StoreSetting.select(StoreSetting.value).where(StoreSetting.name == SERVED_BY)
    noted_head, _, oldest = str(query.scalar(database)).partition(" ")
    return noted_head == head and bool(oldest) and oldest <= known


def _refuse_further(dangling: Counter[tuple[str, str]]) -> None:
    # Only what a migration broke is its fault: with what somebody else did to the store, the
    # service starts as before, and `keyfob audit verify` has something to say.
    for table, parent in dangling:
        raise MigrationError(
            f"A migration left a row of {table} that refers to no row of {parent}."
        )
