"""A store in PostgreSQL, for several workers on several hosts; imported only if there is one."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
import psycopg
from peewee import fn
from psycopg.conninfo import conninfo_to_dict

from keyfob.settings import Settings
from keyfob.store.copying import NotCopied
from keyfob.store.dialect import Ailment, StoreDatabase, StoreInUse, StoreNotOpened
from keyfob.store.patience import connect_patiently
from keyfob.store.pool import Pool
from keyfob.store.timing import Timed

MIGRATION_LOCK = 0x6B6579666F62  # "keyfob"; one number for all who migrate this database
MIGRATION_WAIT_MS = 60_000
OLDEST_VERSION = 140_000

# The session of an application that was frozen while it held a lock is ended by the server.
_IDLE_IN_TRANSACTION_MS = 10_000


_OTHER_SESSIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
AND backend_type = 'client backend'
"""


class PostgresqlStore(StoreDatabase, peewee.PostgresqlDatabase):
    """One database of a PostgreSQL server.

    A thread has a connection for a statement or for a transaction, and no longer: each statement
    sees all that was committed before it began.
    """

    _state: Any  # peewee's: this thread's connection, and the transactions that it is in

    def __init__(self, settings: Settings) -> None:
        """Connect to nothing yet. Raises StoreNotOpened for an address that could be none."""
        self._settings = settings
        self._parameters = _parameters(settings)
        where = (self._parameters.get(name, "") for name in ("host", "port", "dbname"))
        self.place = "the PostgreSQL database at {}:{}/{}".format(*where)
        self._pool = Pool(
            self._new_connection,
            most=settings.database_connections,
            patience_seconds=settings.connect_timeout_seconds,
        )
        super().__init__(self._parameters.get("dbname", ""), prefer_psycopg3=True)

    # --- connections -----------------------------------------------------------------------

    def connect(self, reuse_if_open: bool = False) -> bool:  # noqa: FBT001, FBT002  as overridden
        """Borrow a connection for this thread."""
        if not self.is_closed():
            if reuse_if_open:
                return False
            raise peewee.OperationalError("this thread has a connection already")
        # Without peewee's lock, under which everybody would wait for whoever connects.
        self._state.reset()
        self._state.set_connection(self._pool.take())
        return True

    def close(self) -> bool:
        """Give this thread's connection back, and close those that nobody uses."""
        was_open = self._give_back()
        self._pool.close_idle()
        return was_open

    @contextmanager
    def at_work(self) -> Generator[None]:
        """Have one connection meanwhile, unless the thread has one already."""
        if not self.is_closed():
            yield
            return
        self.connect()
        try:
            yield
        finally:
            self._give_back()

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Execute a statement; all rows are here when it returns."""
        with self.at_work():
            return super().execute_sql(sql, params)

    # --- the start -------------------------------------------------------------------------

    def exists(self) -> bool:
        """Say whether the database was ever migrated."""
        found = self.execute_sql("SELECT to_regclass('schema_migration') IS NOT NULL").fetchone()
        return bool(found[0])

    def create_if_missing(self) -> None:
        """Do nothing: a database is made by who runs the server."""

    @contextmanager
    def migrating(self) -> Generator[None]:
        """Enclose a transaction, under a lock that only migrations take."""
        with self.at_work(), self.atomic():
            patience = self.connection().patience_seconds
            self.connection().patience_seconds = None
            try:
                self.execute_sql(
                    "SELECT set_config('statement_timeout', '0', true),"
                    " set_config('idle_in_transaction_session_timeout', '0', true),"
                    " set_config('lock_timeout', %s, true)",
                    (str(MIGRATION_WAIT_MS),),
                )
                self.execute_sql("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
                yield
            finally:
                self.connection().patience_seconds = patience

    def ailments(self) -> Iterator[Ailment]:
        """Look at the server's settings."""
        number = int(self._show("server_version_num"))
        if number < OLDEST_VERSION:
            yield Ailment(
                f"the server is PostgreSQL {number // 10_000}, which nobody has tried",
                f"Upgrade it to {OLDEST_VERSION // 10_000} or later.",
            )
        for setting in ("fsync", "full_page_writes"):
            if self._show(setting) == "off":
                yield Ailment(
                    f"{setting} is off: a crash may bring dead keys back to life",
                    f"Set `{setting} = on` in postgresql.conf, and reload it.",
                )
        if self.execute_sql("SELECT pg_is_in_recovery()").fetchone()[0]:
            yield Ailment(
                "the server is a standby: it is behind, and changes nothing",
                "Let DATABASE_URL name the primary.",
            )
        most = int(self._show("max_connections"))
        if most < 2 * self._settings.database_connections:
            yield Ailment(
                f"the server takes {most} connections, and one worker wants up to"
                f" {self._settings.database_connections}",
                "Raise max_connections, or lower KEYFOB_DATABASE_CONNECTIONS.",
            )

    def seconds_ahead(self, now: int) -> float:
        """Ask the server for its time."""
        query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        return (self.execute_sql(query).fetchone()[0] - now) / 1000

    def copy_to(self, file: Path) -> None:
        """Leave that to PostgreSQL's own program."""
        raise NotCopied(
            "PostgreSQL is backed up by its own program: run"
            f' `pg_dump --format=custom --file={file} "$DATABASE_URL"`.'
        )

    @contextmanager
    def exclusively(self) -> Generator[None]:
        """Enclose a transaction, for which no other of our sessions may be there."""
        self._pool.close_idle()
        with self.at_work(), self.atomic():
            (others,) = self.execute_sql(_OTHER_SESSIONS).fetchone()
            if others:
                raise StoreInUse(
                    f"{self.place} is in use: stop the servers that are connected to it, and try"
                    " again."
                )
            self.execute_sql("LOCK TABLE organization, api_key, api_key_value IN EXCLUSIVE MODE")
            yield

    def each_row(self, sql: str) -> Iterator[Sequence[Any]]:
        """Leave the rows with the server until they are wanted."""
        with self.cursor(named_cursor="each_row") as cursor:
            cursor.execute(sql)
            yield from cursor

    def continue_numbering(self, table: str) -> None:
        """Set the sequence that belongs to the table's id."""
        self.execute_sql(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608  names of ours
        )

    # --- words -----------------------------------------------------------------------------

    def joined(self, column: Any) -> Any:
        """Join values with commas."""
        return fn.STRING_AGG(column, ",")

    def dangling_references(self) -> Counter[tuple[str, str]]:
        """Answer none: the server does not let them come about."""
        return Counter()

    def _show(self, setting: str) -> str:
        return self.execute_sql(f"SHOW {setting}").fetchone()[0]

    def _give_back(self) -> bool:
        if self.is_closed():
            return False
        if self.in_transaction():
            raise peewee.OperationalError("a transaction is open on this thread's connection")
        connection = self._state.conn
        self._state.reset()
        self._pool.give_back(connection, is_usable=_is_idle(connection))
        return True

    def _new_connection(self) -> Any:
        settings = self._settings
        session = {
            # Whatever the role or the database prescribes: see ``dialect`` for the first.
            "default_transaction_isolation": "read committed",
            "statement_timeout": settings.statement_timeout_ms,
            "lock_timeout": settings.busy_timeout_ms,
            "idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION_MS,
        }
        connection = connect_patiently(
            self._parameters,
            session,
            # The server gives up first, if it is there at all.
            patience_seconds=settings.statement_timeout_ms / 1000 + 1,
            on_silence=self._pool.note_silence,
        )
        self.server_version = connection.info.server_version
        return connection


class TimedPostgresqlStore(Timed, PostgresqlStore):
    """One that is watched."""


def _is_idle(connection: Any) -> bool:
    idle = psycopg.pq.TransactionStatus.IDLE
    return not connection.closed and connection.pgconn.transaction_status == idle


def _parameters(settings: Settings) -> dict[str, Any]:
    try:
        named = conninfo_to_dict(settings.database_url)
    except psycopg.Error:  # of libpq, which may repeat the password
        raise StoreNotOpened(
            "DATABASE_URL is no address of a PostgreSQL database: mend it, and percent-encode what"
            " is special in user and password."
        ) from None
    # A connection that a firewall has forgotten is found out while it is idle.
    defaults = {
        "fallback_application_name": "keyfob",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    return {**defaults, **named, "connect_timeout": settings.connect_timeout_seconds}
