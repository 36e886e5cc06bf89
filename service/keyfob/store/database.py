"""The store itself: opening it, changing it, and saying when it cannot be reached."""

import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import peewee

from keyfob.errors import Unavailable
from keyfob.settings import Settings, StartRefused
from keyfob.store.timing import Observe, Timed

WAL_SWITCH_SECONDS = 30


class StoreNotOpened(StartRefused):
    """The store cannot be made, or is none."""


class SqliteStore(peewee.SqliteDatabase):
    """One SQLite file, and a connection to it for each thread.

    A connection outlives the name of its file: without a look at the name, a store that was moved
    or replaced would be written to, by the threads that knew it, where nobody ever reads again.
    """

    def __init__(self, file: Path, busy_timeout_ms: int) -> None:
        self.file = file
        self._opened = threading.local()
        super().__init__(
            # mode=rw: a file that went away is an outage; an empty one must not take its place.
            f"{file.as_uri()}?mode=rw",
            uri=True,
            timeout=busy_timeout_ms / 1000,
            # A change waits for its turn before it reads: one that turned from reader to writer
            # half-way would be refused whenever another had written in between.
            lock_type="IMMEDIATE",
            pragmas=[
                ("foreign_keys", 1),
                # WAL's usual NORMAL may lose the last commits to a power cut: a key whose
                # revocation was confirmed would live again. FULL costs one fsync per change.
                ("synchronous", "FULL"),
            ],
        )

    def connect(self, reuse_if_open: bool = False) -> bool:  # noqa: FBT001, FBT002  as overridden
        """Open this thread's connection, and remember to which file."""
        file_now = self._file_now()
        opened = super().connect(reuse_if_open)
        if opened:
            self._opened.file = file_now
        return opened

    def cursor(self, named_cursor: str | None = None) -> sqlite3.Cursor:
        """Answer a cursor on the file that bears the name now."""
        if not (self.in_transaction() or self.is_closed() or self._opened.file == self._file_now()):
            self.close()
        return super().cursor(named_cursor)

    def _file_now(self) -> tuple[int, int] | None:
        try:
            status = self.file.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino


class TimedSqliteStore(Timed, SqliteStore):
    """One that is watched."""


def open_database(settings: Settings, observe: Observe | None = None) -> peewee.Database:
    """Answer the store that the settings name. Nothing is created, nothing connected yet.

    Args:
        settings: checked.
        observe: is told how long statements take, if there is any.
    """
    if observe is None:
        return SqliteStore(settings.database_file, settings.busy_timeout_ms)
    store = TimedSqliteStore(settings.database_file, settings.busy_timeout_ms)
    store.observe = observe
    return store


def create_if_missing(database: peewee.Database) -> None:
    """Make the file, for its owner only, and put it into WAL mode. For the start alone.

    Raises:
        StoreNotOpened: it cannot be made, or what lies there is no store.
    """
    if not isinstance(database, SqliteStore):
        return
    try:
        if not database.file.exists():
            place_file(database.file, b"")
        _switch_to_wal(database)
    except (OSError, peewee.DatabaseError) as error:
        raise StoreNotOpened(
            f"{database.file}, which DATABASE_URL names, cannot be the store: {reason(error)}."
            " Its directory must exist and be writable, and the file be a SQLite database."
        ) from error


@contextmanager
def transaction(database: peewee.Database) -> Generator[None]:
    """Enclose a change: all of it or nothing, and no other change at the same time."""
    with store_errors(), database.atomic():
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


def place_file(file: Path, content: bytes) -> bool:
    """Create a file of mode 0600, whole or not at all, and say whether it was this call that did.

    Linking a finished file into place also spares SQLite: closing a descriptor of a database drops
    the locks that other threads of this process hold on it.
    """
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(descriptor)
        os.link(name, file)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink()
    _sync_directory(file.parent)
    return True


def reason(error: Exception) -> str:
    """Say in a clause what the operating system or the store's driver had to say."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _switch_to_wal(database: SqliteStore) -> None:
    # Of two processes that switch a fresh file at once, one is told "locked" with no wait.
    deadline = time.monotonic() + WAL_SWITCH_SECONDS
    while True:
        try:
            mode = database.pragma("journal_mode", "wal")
        except peewee.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            break
    if mode != "wal":
        raise OSError(f"the file system allows no write-ahead log (journal mode {mode})")


def _is_busy(error: peewee.PeeweeException) -> bool:
    code = getattr(error.__context__, "sqlite_errorcode", 0)
    return code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_outage(error: Exception) -> bool:
    # peewee translates what executing raises, but not what fetching further rows raises.
    outages = (
        peewee.OperationalError,
        peewee.InterfaceError,
        sqlite3.OperationalError,
        sqlite3.InterfaceError,
    )
    # A file that is malformed, or no database, is reported as the base class itself.
    return isinstance(error, outages) or type(error) in {
        peewee.DatabaseError,
        sqlite3.DatabaseError,
    }
