"""Where the mock keeps its store."""

import os
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import peewee

MEMORY = Path("/dev/shm")  # noqa: S108  the folder made there is private


def private_folder() -> TemporaryDirectory[str]:
    """Make a folder for one process, in memory where the system has a place for that.

    A file there is as quick as SQLite's own memory and behaves as in production: that memory
    belongs to one connection, or, shared between the threads' connections, locks whole tables.
    """
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    return TemporaryDirectory(prefix="keyfob-mock-", dir=where)


class Snapshot:
    """All that a store held at one moment."""

    def __init__(self, database: peewee.Database) -> None:
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        _connection(database).backup(self._copy)

    def restore(self, database: peewee.Database) -> None:
        """Make the store what it was; the connections of all threads see it at once."""
        self._copy.backup(_connection(database))


def _connection(database: peewee.Database) -> sqlite3.Connection:
    connection = database.connection()
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101  for the types
    return connection
