"""The store itself: choosing it, changing it, and saying when it cannot be reached."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

import peewee

from keyfob.errors import Unavailable
from keyfob.settings import Settings
from keyfob.store.dialect import StoreDatabase, StoreNotOpened
from keyfob.store.sqlite import SqliteStore, TimedSqliteStore
from keyfob.store.timing import Observe, Timed

_OUTAGES_BY_SQLSTATE = frozenset(
    {
        "25006",  # read-only: a standby, or a primary that is being handed over
        "25P03",  # the session was ended while it was in a transaction
        "42P01",  # the tables are gone: somebody is restoring a backup, perhaps
    }
)


def open_database(settings: Settings, observe: Observe | None = None) -> StoreDatabase:
    """Answer the store that the settings name; nobody else has to know which it is.

    Nothing is created, nothing connected yet.

    Args:
        settings: checked.
        observe: is told how long statements take, if there is any.

    Raises:
        StoreNotOpened: the settings name none that could exist, or its driver is not installed.
    """
    file = settings.database_file
    if file is None:
        store = _postgresql(settings, is_watched=observe is not None)
    else:
        kind = SqliteStore if observe is None else TimedSqliteStore
        store = kind(file, settings.busy_timeout_ms)
    if isinstance(store, Timed) and observe is not None:
        store.observe = observe
    return store


@contextmanager
def transaction(database: StoreDatabase) -> Generator[None]:
    """Enclose a change: all of it or nothing."""
    with store_errors(), database.at_work(), database.atomic():
        yield


@contextmanager
def store_errors() -> Generator[None]:
    """Enclose reads: whatever says that the store is out of reach is raised as ``Unavailable``."""
    try:
        yield
    except (peewee.PeeweeException, sqlite3.Error) as error:
        if _is_outage(error):
            raise Unavailable from error
        raise


def _postgresql(settings: Settings, *, is_watched: bool) -> StoreDatabase:
    try:
        from keyfob.store import postgresql  # noqa: PLC0415  SQLite needs nothing installed
    except ModuleNotFoundError as missing:
        raise StoreNotOpened(
            "DATABASE_URL names PostgreSQL, for which the driver is not installed: run"
            " `pip install 'keyfob[postgresql]'`."
        ) from missing
    kind = postgresql.TimedPostgresqlStore if is_watched else postgresql.PostgresqlStore
    return kind(settings)


def _is_outage(error: Exception) -> bool:
    # peewee translates what executing raises, but not what fetching further rows raises.
    outages = (
        peewee.OperationalError,
        peewee.InterfaceError,
        sqlite3.OperationalError,
        sqlite3.InterfaceError,
    )
    # A file that is malformed, or no database, is reported as the base class itself.
    is_of_sqlite = type(error) in {peewee.DatabaseError, sqlite3.DatabaseError}
    sqlstate = getattr(error.__context__, "sqlstate", None)
    return isinstance(error, outages) or is_of_sqlite or sqlstate in _OUTAGES_BY_SQLSTATE
