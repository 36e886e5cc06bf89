"""What befalls the servers, one thing after the other, as long as the storm lasts."""

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from outages import PostgresOutages, SqliteOutages
from postgres_server import PostgresServer
from processes import Server
from valkey_server import ValkeyServer

FROZEN_SECONDS = 2.0
CALM_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that happens, and is over when the call returns."""

    name: str
    happen: Callable[[], None]


class Storm:
    """Lets each fault happen in turn, with a calm after each in which all recovers."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = faults
        self.counts: Counter[str] = Counter({fault.name: 0 for fault in faults})

    def go_on(self, stop: Event) -> None:
        while not stop.wait(CALM_SECONDS):
            fault = min(self._faults, key=lambda each: self.counts[each.name])
            fault.happen()
            self.counts[fault.name] += 1


def of_workers(servers: Sequence[Server], rng: random.Random) -> list[Fault]:
    """Answer what can befall the processes that answer requests."""

    def one() -> int:
        workers: list[int] = []
        while not workers:  # its parent may be starting another
            workers = workers_of(rng.choice(servers).process.pid)
        return rng.choice(workers)

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(one(), signal.SIGKILL)

    def freeze() -> None:
        worker = one()
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGSTOP)
            time.sleep(FROZEN_SECONDS)
            os.kill(worker, signal.SIGCONT)

    return [Fault("a worker is killed", kill), Fault("a worker is frozen", freeze)]


def of_postgresql(server: PostgresServer, database: str) -> list[Fault]:
    """Answer what can befall the server of the store."""
    outages = PostgresOutages(server, database)

    def restart() -> None:
        server.stop()
        server.start()

    def crash() -> None:
        server.crash()
        server.start()

    def freeze() -> None:
        server.freeze()
        time.sleep(FROZEN_SECONDS)
        server.thaw()

    def cut_off() -> None:
        with outages.gone():
            time.sleep(FROZEN_SECONDS / 2)

    return [
        Fault("PostgreSQL is restarted", restart),
        Fault("PostgreSQL crashes", crash),
        Fault("PostgreSQL is frozen", freeze),
        Fault("PostgreSQL is cut off", cut_off),
    ]


def of_valkey(server: ValkeyServer) -> list[Fault]:
    """Answer what can befall the server of the limits."""

    def restart() -> None:
        server.kill()
        server.start()

    def freeze() -> None:
        server.freeze()
        time.sleep(FROZEN_SECONDS)
        server.thaw()

    return [Fault("Valkey is restarted", restart), Fault("Valkey is frozen", freeze)]


def of_sqlite(file: Path) -> list[Fault]:
    """Answer what can befall the file of the store."""

    def lock() -> None:
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(FROZEN_SECONDS)
            other.execute("ROLLBACK")

    def hide() -> None:
        with SqliteOutages(file).gone():
            time.sleep(FROZEN_SECONDS / 4)

    return [Fault("the file is locked", lock), Fault("the file is not there", hide)]


def workers_of(parent: int) -> list[int]:
    """Answer the processes that a supervisor has started to answer requests."""
    with suppress(OSError):
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [int(child) for child in children if "spawn_main" in _command_of(child)]
    return []


def _command_of(process_id: str) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process_id}/cmdline").read_text()
    return ""
