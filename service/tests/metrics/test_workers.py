"""The metrics of several workers are those of one server, also when workers die."""

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from processes import Operator, Server, wait_until
from scraping import METRICS_ADDRESS, Scrape, scrape

SETTINGS = {"KEYFOB_METRICS_ADDRESS": METRICS_ADDRESS, "KEYFOB_LIMITS": "process"}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def workers_of(server: Server) -> set[int]:
    """Answer the process ids of the workers, which multiprocessing has spawned."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=", "-o", "ppid=", "-o", "args="],  # noqa: S607
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    fields = [line.split(maxsplit=2) for line in listed.splitlines()]
    return {
        int(pid)
        for pid, parent, command in fields
        if int(parent) == server.process.pid and "spawn_main" in command
    }


@contextmanager
def suspended(worker: int) -> Generator[None]:
    """Stop a worker in mid-air, so that it is others that answer."""
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def are_replaced(server: Server, first: int, second: int, seen: list[Scrape]) -> bool:
    are_gone = not workers_of(server) & {first, second}
    seen.append(scrape(server))
    return are_gone and seen[-1]("keyfob_workers") == 2


def test_counts_of_all_workers_are_exact_and_survive_those_who_counted(operator: Operator) -> None:
    key = operator.organization().key_value
    folder = operator.folder / "temporary"
    folder.mkdir()
    with operator.serving("--workers", "2", TMPDIR=str(folder), **SETTINGS) as server:
        wait_until(lambda: scrape(server)("keyfob_workers") == 2)
        first, second = workers_of(server)
        for idle, requests in ((first, 4), (second, 5)):
            with suspended(idle):
                for _ in range(requests):
                    assert server.get("/v1/authorize", key).status_code == 200
        before = scrape(server)
        assert before("keyfob_authorizations_total", operation="authorize", outcome="OK") == 9

        seen = [before]
        for worker in (first, second):
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: are_replaced(server, first, second, seen))
        assert server.get("/v1/authorize", key).status_code == 200
        seen.append(scrape(server))
        assert seen[-1]("keyfob_authorizations_total", operation="authorize", outcome="OK") == 10
        assert all(earlier.counts() <= later.counts() for earlier, later in pairwise(seen))

        assert server.stop() == 0
    assert list(folder.iterdir()) == []
