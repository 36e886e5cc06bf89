"""What can befall a store in a test: it is out of reach, or somebody else is changing it."""

from collections.abc import Generator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from postgres_server import PostgresServer

from keyfob.store.sqlite import SqliteStore
from keyfob.store.tables import TABLES


class Outages(Protocol):
    """What happens to one store."""

    def gone(self) -> AbstractContextManager[None]:
        """Let nobody reach the store meanwhile."""
        ...

    def busy(self) -> AbstractContextManager[None]:
        """Keep from changing it whoever would do so meanwhile."""
        ...


class SqliteOutages:
    """A file that is moved, or locked."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def gone(self) -> Generator[None]:
        """Move the file."""
        elsewhere = self._file.rename(self._file.with_suffix(".elsewhere"))
        yield
        elsewhere.rename(self._file)

    @contextmanager
    def busy(self) -> Generator[None]:
        """Take the file's write lock."""
        with closing(SqliteStore(self._file, 5_000)) as other, other.atomic():
            yield


class PostgresOutages:
    """A database that takes no connections, or whose tables are locked."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self._server = server
        self._database = database

    @contextmanager
    def gone(self) -> Generator[None]:
        """End all sessions, and let none begin: other databases of the server live on."""
        self._allow_connections(allowed="false")
        self._server.execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE datname = '{self._database}'"
        )
        yield
        self._allow_connections(allowed="true")

    @contextmanager
    def busy(self) -> Generator[None]:
        """Lock all tables against changes."""
        tables = ", ".join(table._meta.table_name for table in TABLES)  # noqa: SLF001  as documented
        with psycopg.connect(self._server.url(self._database)) as other:
            other.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE".encode())
            yield

    def _allow_connections(self, *, allowed: str) -> None:
        self._server.execute(f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS {allowed}")
