"""Workers, as processes: what they counted outlives them, what they held does not."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import DEADLINE_SECONDS
from prometheus_client import CollectorRegistry

import keyfob
from keyfob.metrics.places import FOLDER, Workers

COUNT_AND_WAIT = """
from prometheus_client import CollectorRegistry
from keyfob.metrics import Meters
from keyfob.metrics.places import take_place

take_place()
meters = Meters(CollectorRegistry())
meters.judged("authorize", "OK")
meters.usage_buffered.set(5)
meters.limiter_available.set(0)
print("counted", flush=True)
input()
"""

Worker = subprocess.Popen[str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Starts a worker, and waits until it has counted one verdict and holds five requests."""
    started: list[Worker] = []
    source = str(Path(keyfob.__file__).parents[1])

    def start() -> Worker:
        worker = subprocess.Popen(
            [sys.executable, "-c", COUNT_AND_WAIT],
            env={**os.environ, "PYTHONPATH": source, FOLDER: str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(worker)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "counted\n"
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.communicate()


@pytest.fixture
def gathered(tmp_path: Path) -> Callable[[str], float | None]:
    """Answers the value of a series, summed up over the workers."""
    registry = CollectorRegistry()
    registry.register(Workers(tmp_path))

    def value(name: str) -> float | None:
        labelled = name == "keyfob_authorizations_total"
        labels = {"operation": "authorize", "outcome": "OK"} if labelled else {}
        return registry.get_sample_value(name, labels)

    return value


def test_killed_workers_leave_their_counts_and_nothing_else(
    start: Callable[[], Worker], gathered: Callable[[str], float | None]
) -> None:
    one, other = start(), start()
    assert gathered("keyfob_authorizations_total") == 2
    assert gathered("keyfob_usage_buffered") == 10
    assert gathered("keyfob_limiter_available") == 0

    kill(one)
    assert gathered("keyfob_authorizations_total") == 2
    assert gathered("keyfob_usage_buffered") == 5

    kill(other)
    assert gathered("keyfob_authorizations_total") == 2
    assert gathered("keyfob_usage_buffered") is None
    assert gathered("keyfob_limiter_available") is None


def test_replaced_workers_go_on_counting_in_the_files_of_their_predecessors(
    start: Callable[[], Worker], gathered: Callable[[str], float | None], tmp_path: Path
) -> None:
    start()
    kill(start())
    files = set(tmp_path.iterdir())
    kill(start())
    start()

    assert set(tmp_path.iterdir()) == files
    assert gathered("keyfob_authorizations_total") == 4
    assert gathered("keyfob_usage_buffered") == 10


def test_file_that_a_worker_has_only_just_made_stops_no_scrape(
    start: Callable[[], Worker], gathered: Callable[[str], float | None], tmp_path: Path
) -> None:
    start()
    (tmp_path / "counter_1.db").touch()

    assert gathered("keyfob_authorizations_total") == 1


def kill(worker: Worker) -> None:
    worker.kill()
    worker.wait(DEADLINE_SECONDS)
