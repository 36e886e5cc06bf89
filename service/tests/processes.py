"""Keyfob as real processes: commands that run to their end, and servers on free ports."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher

import keyfob
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.opening import open_keyfob
from keyfob.domain.organizations import NewOrganization
from keyfob.settings import Settings

DEADLINE_SECONDS = 20

_http = httpx.Client(headers={"Connection": "close"}, timeout=DEADLINE_SECONDS)


@dataclass(frozen=True)
class Finished:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Server:
    """A server that serves."""

    process: subprocess.Popen[bytes]
    log_file: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self, **members: Any) -> list[dict[str, Any]]:
        """Answer the lines of the log that have these members; each line has to be JSON."""
        written = self.log_file.read_text().rpartition("\n")[0]  # the last may be half a line
        lines = [json.loads(line) for line in written.splitlines()]
        return [line for line in lines if members.items() <= line.items()]

    def line(self, **members: Any) -> dict[str, Any]:
        """Answer the one line of the log that has these members; it comes after the reply."""
        wait_until(lambda: bool(self.log(**members)))
        (line,) = self.log(**members)
        return line

    def get(self, path: str, key: str | None = None, **request: Any) -> httpx.Response:
        """Ask for something."""
        return self.send("GET", path, key, **request)

    def send(
        self, method: str, path: str, key: str | None = None, **request: Any
    ) -> httpx.Response:
        """Send a request on a connection of its own; ``json`` and so on as httpx has them."""
        own = {} if key is None else {"X-API-Key": key}
        headers = {**own, **request.pop("headers", {})}
        return _http.request(method, f"{self.url}{path}", headers=headers, **request)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, and answer its exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)


class Operator:
    """Somebody at a shell in a folder of their own.

    Args:
        patience: seconds within which a command has to come to its end.
        settings: of the store, unless that is a file in the folder.
    """

    def __init__(
        self,
        folder: Path,
        patience: float = DEADLINE_SECONDS,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self._patience = patience
        self.database = folder / "keyfob.db"
        self._settings = settings or {"DATABASE_URL": f"sqlite:///{self.database}"}

    @property
    def url(self) -> str:
        """The address of the store."""
        return self._settings["DATABASE_URL"]

    def at(self, url: str) -> "Operator":
        """Answer the same operator with another store."""
        return Operator(self.folder, self._patience, {**self._settings, "DATABASE_URL": url})

    def run(self, *arguments: str, stdout: Any = subprocess.PIPE, **settings: str) -> Finished:
        """Run a command of Keyfob's to its end."""
        return self._finish(self.command(*arguments), stdout, settings)

    def shell(self, script: str, **settings: str) -> Finished:
        """Run a shell script to its end."""
        return self._finish(["/bin/sh", "-c", script], subprocess.PIPE, settings)

    def _finish(self, command: list[str], stdout: Any, settings: dict[str, str]) -> Finished:
        result = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(settings),
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=self._patience,
        )
        return Finished(result.returncode, result.stdout or "", result.stderr)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command of Keyfob's, and leave it to the caller to end it."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def organization(self, name: str = "Acme") -> NewOrganization:
        """Make an organisation without a process of its own: it is where a test begins."""
        with self.opened() as keyfob:
            return keyfob.organizations.create(name, f"admin@{name.lower()}.example")

    @contextmanager
    def opened(self) -> Generator[Keyfob]:
        """Open the store in this process."""
        settings = Settings.from_environment(self._settings)
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        opened = open_keyfob(settings, password_hasher=hasher)
        try:
            yield opened
        finally:
            opened.store.database.close()

    @contextmanager
    def serving(self, *options: str, **settings: str) -> Generator[Server]:
        """Serve on a free port meanwhile."""
        log_file = self.folder / f"server-{time.monotonic_ns()}.log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                self.command("serve", "--port", "0", *options),
                cwd=self.folder,
                env=self.environment(settings),
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(lambda: process.poll() is not None or '"serving"' in log_file.read_text())
            assert process.poll() is None, log_file.read_text()
            url = Server(process, log_file, 0).log(event="serving")[0]["url"]
            yield Server(process, log_file, int(url.rpartition(":")[2]))
        finally:
            process.terminate()
            try:
                process.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def command(self, *arguments: str) -> list[str]:
        """Answer how a command of Keyfob's is run."""
        return [sys.executable, "-m", "keyfob", *arguments]

    def environment(self, settings: dict[str, str]) -> dict[str, str]:
        """Answer what a command finds around it."""
        # Users' shells do not set PYTHONUNBUFFERED, which hides what is wrong with lost output.
        ours = ("KEYFOB_", "CONTRACT_", "PYTHON")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        source = str(Path(keyfob.__file__).parents[1])
        return {**inherited, "PYTHONPATH": source, **self._settings, **settings}


def outdate(database: Path) -> None:
    """Let a newer version have migrated the store."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "insert into schema_migration (name, applied) values ('9999_from_the_future', '2999')"
        )


def wait_until(condition: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)
