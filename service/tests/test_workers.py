"""Several workers behind one address: they stop, are replaced and restarted, and lose nothing."""

import configparser
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from processes import Operator, Server, wait_until
from valkey_server import free_port

from keyfob.domain.commands import KeyDraft
from keyfob.domain.organizations import operator_of
from keyfob.model import EVERY_SITE_IDS, RateLimit, Scope

DEPLOYMENT = Path(__file__).parents[1] / "deployment"
CLIENTS = 4
PATIENCE_SECONDS = 90  # processes start one after the other


class Load:
    """Clients that send one request after another, each on a connection that it keeps."""

    def __init__(self, port: int, key: str) -> None:
        self.outcomes: Counter[int | str] = Counter()
        self._port = port
        self._key = key
        self._may_end = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(CLIENTS)]

    @contextmanager
    def going_on(self) -> Generator[None]:
        """Let them work meanwhile."""
        for thread in self._threads:
            thread.start()
        try:
            wait_until(lambda: self.outcomes.total() > 20 * CLIENTS)
            yield
        finally:
            self._may_end.set()
            for thread in self._threads:
                thread.join()

    def _go_on(self) -> None:
        while not self._may_end.is_set():
            connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
            with closing(connection), suppress(ConnectionRefusedError):
                connection.connect()
                self._talk(connection)

    def _talk(self, connection: HTTPConnection) -> None:
        lost = "before anything was answered"
        while not self._may_end.is_set():
            try:
                connection.request("GET", "/v1/api-keys/current", headers={"X-API-Key": self._key})
                reply = connection.getresponse()
                reply.read()
            except (OSError, HTTPException):
                self.outcomes[lost] += 1
                return
            self.outcomes[reply.status] += 1
            lost = "on a connection on which others were answered"
            if reply.will_close:
                return


def workers_of(process: subprocess.Popen[bytes]) -> set[int]:
    """Answer the processes that answer requests."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {int(child) for child in children if "resource_tracker" not in command_of(child)}


def command_of(process_id: str) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process_id}/cmdline").read_text()
    return ""


def replaced(process: subprocess.Popen[bytes], before: set[int]) -> Callable[[], bool]:
    def are_replaced() -> bool:
        now = workers_of(process)
        return len(now) == len(before) and not now & before

    return are_replaced


@dataclass(frozen=True)
class Key:
    """A key that may be used as often as one likes."""

    id: str
    value: str


def counted(operator: Operator, key: Key) -> int:
    """Answer how often the key was used, as the store has it."""
    with operator.opened() as keyfob:
        return keyfob.store.usage.total(key.id)


@pytest.fixture
def operator(new_operator: Callable[[], Operator]) -> Operator:
    return new_operator()


@pytest.fixture
def key(operator: Operator) -> Key:
    organization = operator.organization().id
    draft = KeyDraft("key", Scope.KEYS_READ, EVERY_SITE_IDS, rate_limit=RateLimit(1_000_000, 1))
    with operator.opened() as keyfob:
        made, value = keyfob.api_keys.create(operator_of(organization), draft)
    return Key(made.id, value)


@pytest.mark.postgresql_only
def test_a_reload_under_load_loses_no_request_and_no_use(operator: Operator, key: Key) -> None:
    with operator.serving("--workers", "2") as server:
        load = Load(server.port, key.value)
        with load.going_on():
            before = workers_of(server.process)
            server.process.send_signal(signal.SIGHUP)
            wait_until(replaced(server.process, before), PATIENCE_SECONDS)
            seen = load.outcomes.total()
            wait_until(lambda: load.outcomes.total() > seen + 20 * CLIENTS)
        assert server.stop() == 0
    assert set(load.outcomes) == {200}
    assert counted(operator, key) == load.outcomes[200]


@pytest.mark.both_stores
def test_a_stop_under_load_answers_what_was_heard_and_loses_no_use(
    operator: Operator, key: Key
) -> None:
    with operator.serving("--workers", "2", KEYFOB_LIMITS="process") as server:
        load = Load(server.port, key.value)
        with load.going_on():
            assert server.stop() == 0
    assert set(load.outcomes) <= {200, "before anything was answered"}
    assert counted(operator, key) == load.outcomes[200]


def test_a_worker_that_died_or_hangs_is_replaced_while_others_answer(
    operator: Operator, key: Key
) -> None:
    with operator.serving("--workers", "2", KEYFOB_LIMITS="process") as server:
        wait_until(lambda: len(workers_of(server.process)) == 2)
        died, hangs = before = sorted(workers_of(server.process))
        os.kill(died, signal.SIGKILL)
        wait_until(lambda: len(workers_of(server.process) - {died}) == 2)
        os.kill(hangs, signal.SIGSTOP)
        wait_until(replaced(server.process, set(before)), PATIENCE_SECONDS)
        assert {server.get("/v1/api-keys/current", key.value).status_code for _ in range(20)} == {
            200
        }


def test_the_unit_of_systemd_starts_reloads_and_stops_the_server(
    operator: Operator, key: Key
) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]  names are told by their case
    unit.read(DEPLOYMENT / "keyfob.service")
    service = unit["Service"]
    _program, command, *options = shlex.split(service["ExecStart"])
    port = str(free_port())
    options[options.index("--host") + 1] = "127.0.0.1"
    options[options.index("--port") + 1] = port
    options[options.index("--workers") + 1] = "2"
    with operator.serving(*options, KEYFOB_LIMITS="process") as server:
        assert (command, server.port) == ("serve", int(port))
        wait_until(
            lambda: server.get("/readyz").is_success and len(workers_of(server.process)) == 2
        )
        before = workers_of(server.process)
        reload = service["ExecReload"].replace("$MAINPID", str(server.process.pid))
        subprocess.run(shlex.split(reload), check=True)
        wait_until(replaced(server.process, before), PATIENCE_SECONDS)
        assert server.get("/v1/api-keys/current", key.value).status_code == 200
        assert server.stop(signal.SIGTERM) == 0


def test_gunicorn_serves_reloads_and_stops_and_loses_no_use(operator: Operator, key: Key) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "asgi", "-w", "2"]
    command += ["-b", f"127.0.0.1:{port}", "keyfob.server.asgi:application()"]
    environment = operator.environment(
        {
            "KEYFOB_PEPPER_FILE": f"{operator.database}.pepper",
            "KEYFOB_LIMITS": "process",
            "HOME": str(operator.folder),
        }
    )
    log_file = operator.folder / "gunicorn.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=operator.folder, env=environment, stdout=log, stderr=log
        )
    server = Server(process, log_file, port)
    try:
        wait_until(lambda: is_ready(server))
        load = Load(port, key.value)
        with load.going_on():
            before = workers_of(process)
            process.send_signal(signal.SIGHUP)
            wait_until(replaced(process, before), PATIENCE_SECONDS)
            seen = load.outcomes.total()
            wait_until(lambda: load.outcomes.total() > seen + 20 * CLIENTS)
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    assert counted(operator, key) == load.outcomes[200]


def is_ready(server: Server) -> bool:
    assert server.process.poll() is None, server.log_file.read_text()
    with suppress(Exception):
        return server.get("/readyz").is_success
    return False
