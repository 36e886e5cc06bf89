"""A store in one SQLite file."""

import shutil
import sqlite3
import stat
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import peewee
from peewee import fn

from keyfob.store.copying import copy_database
from keyfob.store.dialect import Ailment, StoreDatabase, StoreInUse, StoreNotOpened
from keyfob.store.files import place_file, reason
from keyfob.store.timing import Timed

WAL_SWITCH_SECONDS = 30
ROWS_AT_A_TIME = 1000
LEAST_FREE_BYTES = 512 * 1024 * 1024

MIGRATION_WAIT_MS = 60_000
"""How long a start waits for another that is migrating: longer than any request should wait."""


class SqliteStore(StoreDatabase, peewee.SqliteDatabase):
    """One SQLite file, and a connection to it for each thread.

    A connection outlives the name of its file: without a look at the name, a store that was moved
    or replaced would be written to, by the threads that knew it, where nobody ever reads again.
    """

    def __init__(self, file: Path, busy_timeout_ms: int) -> None:
        self.file = file
        self.place = str(file)
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

    def exists(self) -> bool:
        """Say whether the file is there."""
        return self.file.exists()

    def create_if_missing(self) -> None:
        """Make the file, for its owner only, and put it into WAL mode. For the start alone."""
        try:
            if not self.file.exists():
                place_file(self.file, b"")
            self._switch_to_wal()
        except (OSError, peewee.DatabaseError) as error:
            raise StoreNotOpened(
                f"{self.file}, which DATABASE_URL names, cannot be the store: {reason(error)}."
                " Its directory must exist and be writable, and the file be a SQLite database."
            ) from error

    def at_work(self) -> AbstractContextManager[None]:
        """Do nothing: a thread's connection is its own anyway."""
        return nullcontext()

    @contextmanager
    def migrating(self) -> Generator[None]:
        """Enclose a transaction in which no other changes anything, and foreign keys are off.

        SQLite alters a table by dropping it, which would delete whatever refers to its rows; the
        runner's own attempt to switch them off does nothing inside a transaction. The connection is
        closed afterwards, and with it the two pragmas end.
        """
        with self.connection_context():
            self.pragma("foreign_keys", 0)
            self.pragma("busy_timeout", MIGRATION_WAIT_MS)
            with self.atomic():
                yield

    def ailments(self) -> Iterator[Ailment]:
        """Look at the file, and at the room that is left for it."""
        if stat.S_IMODE(self.file.stat().st_mode) & 0o077:
            yield Ailment(
                f"{self.file} can be read by others than its owner", f"Run `chmod 600 {self.file}`."
            )
        free = shutil.disk_usage(self.file.parent).free
        if free < LEAST_FREE_BYTES:
            yield Ailment(
                f"only {free >> 20} MiB are free beside {self.file}",
                "Make room, or move the store to a larger disk: a change that finds none fails.",
            )
        (soundness,) = self.execute_sql("PRAGMA quick_check(1)").fetchone()
        if soundness != "ok":
            yield Ailment(
                f"{self.file} is damaged: {soundness}",
                "Stop the servers and go back to a backup with `keyfob restore`.",
            )

    def seconds_ahead(self, now: int) -> float:  # noqa: ARG002  as overridden
        """Answer that there is one clock only."""
        return 0

    def copy_to(self, file: Path) -> None:
        """Copy it by SQLite's own online backup."""
        copy_database(self.connection(), file)

    @contextmanager
    def exclusively(self) -> Generator[None]:
        """Enclose reads, for which all others have to have closed the file.

        SQLite leaves its write-ahead log only then. One that opens it meanwhile waits. Another file
        may take its name before the end.
        """
        self.close()
        connection = self.connection()
        try:
            self._leave_wal()
            connection.execute("BEGIN EXCLUSIVE")
            try:
                yield
            finally:
                connection.rollback()
            self._switch_to_wal()  # of the file that bears the name by now
        finally:
            self.close()

    def each_row(self, sql: str) -> Iterator[Sequence[Any]]:
        """Fetch as many at a time as are worth a step."""
        cursor = self.execute_sql(sql)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows

    def continue_numbering(self, table: str) -> None:
        """Do nothing: the highest number is what counts."""

    def joined(self, column: Any) -> Any:
        """Join values with commas."""
        return fn.GROUP_CONCAT(column, ",")

    def dangling_references(self) -> Counter[tuple[str, str]]:
        """Look for them: with foreign keys off, or with another program, they can come about."""
        rows = self.execute_sql("PRAGMA foreign_key_check").fetchall()
        return Counter((table, parent) for table, _row_id, parent, _constraint in rows)

    def _file_now(self) -> tuple[int, int] | None:
        try:
            status = self.file.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _leave_wal(self) -> None:
        try:
            self.pragma("journal_mode", "delete")
        except peewee.OperationalError as error:
            if not _is_busy(error):
                raise
            raise StoreInUse(
                f"{self.file} is in use: stop the servers that have it open, and try again."
            ) from error

    def _switch_to_wal(self) -> None:
        # Of two processes that switch a fresh file at once, one is told "locked" with no wait.
        deadline = time.monotonic() + WAL_SWITCH_SECONDS
        while True:
            try:
                mode = self.pragma("journal_mode", "wal")
            except peewee.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                break
        if mode != "wal":
            raise OSError(f"the file system allows no write-ahead log (journal mode {mode})")


class TimedSqliteStore(Timed, SqliteStore):
    """One that is watched."""


def _is_busy(error: peewee.PeeweeException) -> bool:
    code = getattr(error.__context__, "sqlite_errorcode", 0)
    return code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
