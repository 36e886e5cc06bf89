"""What is more about counting in a real Valkey: one call, one clock, nothing left behind."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from processes import wait_until
from valkey_server import ValkeyServer

import keyfob
from keyfob.limits import Charge, LimiterUnavailable
from keyfob.limits.shared import NAMESPACE, TIMEOUT_SECONDS, SharedLimiter
from keyfob.model import RateLimit

NAME = "key:key_1"
LIMIT = RateLimit(500, 3600)

WORKER = """
import sys
from keyfob.limits.shared import SharedLimiter
from keyfob.model import RateLimit

limiter = SharedLimiter(sys.argv[1], timeout_seconds=5)
limiter.charge("warming-up", RateLimit(1, 60))
print("ready", flush=True)
sys.stdin.readline()
print(sum(limiter.charge("key:key_1", RateLimit(500, 3600)).allowed for _ in range(500)))
"""


@pytest.fixture
def http_url() -> Iterator[str]:
    """The address of a server that speaks another language."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()
    thread.join()


def refuses_to_count(limiter: SharedLimiter) -> float:
    """Charge in vain, and answer how long that took."""
    began = time.monotonic()
    with pytest.raises(LimiterUnavailable):
        limiter.charge(NAME, LIMIT)
    return time.monotonic() - began


def test_of_2000_charges_by_4_processes_exactly_500_pass(valkey: ValkeyServer) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(keyfob.__file__).parents[1])}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, valkey.url],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    passed = [int(worker.communicate(timeout=60)[0]) for worker in workers]

    assert sum(passed) == 500


def test_refused_until_the_window_has_passed_by_the_servers_clock(
    shared: SharedLimiter, valkey: ValkeyServer
) -> None:
    limit, opened_at = RateLimit(1, 1), valkey.now()
    assert shared.charge(NAME, limit).allowed
    assert shared.charge(NAME, limit).retry_after_seconds == 1

    wait_until(lambda: shared.charge(NAME, limit).allowed)

    assert valkey.now() - opened_at >= 1000


def test_nothing_is_left_behind_by_windows_that_have_passed(
    shared: SharedLimiter, valkey: ValkeyServer
) -> None:
    for n in range(20):
        shared.charge(f"guess:{n}", RateLimit(600, 1))
    assert all(str(key).startswith(NAMESPACE) for key in valkey.client.scan_iter())
    assert valkey.client.dbsize() == 20

    wait_until(lambda: valkey.client.dbsize() == 0)


@pytest.mark.parametrize("requests", [20, 1_000_000])
def test_charge_costs_one_call_and_four_steps_whatever_the_limit(
    shared: SharedLimiter, valkey: ValkeyServer, requests: int
) -> None:
    limit = RateLimit(requests, 86_400)
    shared.charge(NAME, limit)
    before = valkey.commands()

    for _ in range(10):
        shared.charge(NAME, limit)

    assert valkey.commands() - before == 10 * 4  # EVALSHA, and in it PTTL, HMGET, HINCRBY
    assert valkey.client.dbsize() == 1
    assert valkey.client.hlen(NAMESPACE + NAME) == 3


def test_server_that_forgot_the_script_is_told_it_again(
    shared: SharedLimiter, valkey: ValkeyServer
) -> None:
    shared.charge(NAME, LIMIT)
    valkey.client.script_flush()

    assert shared.charge(NAME, LIMIT).remaining == 498


def test_server_that_was_started_again_between_two_charges_is_no_outage(
    shared: SharedLimiter, valkey: ValkeyServer
) -> None:
    shared.charge(NAME, LIMIT)
    valkey.kill()
    valkey.start()

    assert shared.charge(NAME, LIMIT).remaining == 499


def test_clock_set_back_holds_no_window_open_for_longer_than_it_lasts(
    shared: SharedLimiter, valkey: ValkeyServer
) -> None:
    limit = RateLimit(1, 60)
    shared.charge(NAME, limit)
    valkey.client.pexpire(NAMESPACE + NAME, 86_400_000)  # as long as it would last then

    assert shared.charge(NAME, limit) == Charge(
        allowed=False, limit=1, window_seconds=60, remaining=0, reset_ms=60_000
    )
    assert valkey.pttl(NAMESPACE + NAME) <= 60_000


def test_frozen_server_is_given_up_in_time_by_known_connections_and_new_ones(
    valkey: ValkeyServer,
) -> None:
    known, new = SharedLimiter(valkey.url), SharedLimiter(valkey.url)
    known.charge(NAME, LIMIT)
    valkey.freeze()

    for limiter in (known, new, known):
        assert TIMEOUT_SECONDS * 0.9 < refuses_to_count(limiter) < TIMEOUT_SECONDS * 8
        limiter.close()


def test_dead_server_cannot_count(valkey: ValkeyServer) -> None:
    limiter = SharedLimiter(valkey.url)
    limiter.charge(NAME, LIMIT)
    valkey.kill()

    refuses_to_count(limiter)
    limiter.close()


def test_server_that_refuses_to_write_cannot_count(
    shared: SharedLimiter, valkey: ValkeyServer
) -> None:
    valkey.client.config_set("maxmemory", "1")

    refuses_to_count(shared)


def test_nonsense_is_no_answer(shared: SharedLimiter, valkey: ValkeyServer, http_url: str) -> None:
    valkey.client.set(NAMESPACE + NAME, "somebody else's", ex=3600)
    other_language = SharedLimiter(http_url)

    refuses_to_count(shared)
    refuses_to_count(other_language)
    other_language.close()
