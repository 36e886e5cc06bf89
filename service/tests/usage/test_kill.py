"""What a process that is killed takes with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import keyfob
from keyfob.store.store import Store

pytestmark = pytest.mark.both_stores

RECORD_UNTIL_KILLED = """
import sys, threading, time
from usage_records import record_of
from world import START
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.dialect import StoreDatabase
from keyfob.store.store import Store
from keyfob.usage import Recorder

store = Store(open_database(Settings(database_url=sys.argv[1])))
recorder = Recorder(store, lambda: START, scope_of={}.get, trace_days=7)
recorder.start()
began, pace = time.monotonic(), threading.Event()
for number in range(1, 1_000_000):
    recorder.record(record_of())
    print(number, time.monotonic() - began, flush=True)
    pace.wait(0.001)
"""
SECONDS = 2.5


def test_kill_9_loses_at_most_the_last_second(
    store: Store, store_environment: dict[str, str]
) -> None:
    here = Path(__file__).parents[1]
    source = os.pathsep.join([str(Path(keyfob.__file__).parents[1]), str(here)])
    recorded: list[tuple[int, float]] = []
    with subprocess.Popen(
        [sys.executable, "-c", RECORD_UNTIL_KILLED, store_environment["DATABASE_URL"]],
        env={**os.environ, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout or ():
            number, seconds = line.split()
            recorded.append((int(number), float(seconds)))
            if float(seconds) >= SECONDS:
                process.kill()

    killed_at = recorded[-1][1]
    older_than_a_second = max(n for n, seconds in recorded if seconds < killed_at - 1)
    assert older_than_a_second <= store.usage.total("key_1") <= recorded[-1][0] + 1
