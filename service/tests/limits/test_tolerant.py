"""A server that is frozen or dead stops no request, and is used again by itself."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from structlog.testing import capture_logs
from valkey_server import ValkeyServer
from world import SettableClock

from keyfob.limits import Charge, TolerantLimiter
from keyfob.limits.shared import TIMEOUT_SECONDS, SharedLimiter
from keyfob.model import RateLimit

NAME = "key:key_1"
LIMIT = RateLimit(2, 60)
UNCOUNTED = Charge(allowed=True, limit=2, window_seconds=60, remaining=1, reset_ms=60_000)
BACK_OFF_SECONDS = 1

Deed = Callable[[ValkeyServer], None]
WAYS = pytest.mark.parametrize(
    ("stop", "go_on"),
    [
        pytest.param(ValkeyServer.freeze, ValkeyServer.thaw, id="frozen"),
        pytest.param(ValkeyServer.kill, ValkeyServer.start, id="killed"),
    ],
)


@WAYS
def test_charges_pass_in_an_outage_and_count_again_after_it(
    tolerant: TolerantLimiter, valkey: ValkeyServer, clock: SettableClock, stop: Deed, go_on: Deed
) -> None:
    assert tolerant.charge(NAME, LIMIT).remaining == 1
    assert tolerant.available

    stop(valkey)
    assert [tolerant.charge(NAME, LIMIT) for _ in range(5)] == [UNCOUNTED] * 5
    assert not tolerant.available
    go_on(valkey)
    assert tolerant.charge(NAME, LIMIT) == UNCOUNTED  # it is not yet time to try again
    clock.advance(seconds=BACK_OFF_SECONDS)

    fresh = [tolerant.charge("key:key_2", LIMIT) for _ in range(3)]
    assert [each.allowed for each in fresh] == [True, True, False]
    assert tolerant.available


@WAYS
def test_outage_is_logged_when_it_begins_and_when_it_ends_and_counted_once(
    tolerant: TolerantLimiter, valkey: ValkeyServer, clock: SettableClock, stop: Deed, go_on: Deed
) -> None:
    with capture_logs() as logs:
        stop(valkey)
        for _ in range(3):
            tolerant.charge(NAME, LIMIT)
            clock.advance(seconds=BACK_OFF_SECONDS)
        go_on(valkey)
        for _ in range(3):
            tolerant.charge(NAME, LIMIT)

    began, ended = logs
    assert (began["event"], began["log_level"]) == ("limiter_outage_began", "error")
    assert "Error" in began["reason"]
    assert ended["event"] == "limiter_outage_ended"
    assert (ended["seconds"], ended["passed"]) == (3, 3)
    assert (tolerant.outages, tolerant.passed) == (1, 3)


def test_second_outage_is_told_apart_from_the_first(
    tolerant: TolerantLimiter, valkey: ValkeyServer, clock: SettableClock
) -> None:
    with capture_logs() as logs:
        for _ in range(2):
            valkey.kill()
            tolerant.charge(NAME, LIMIT)
            clock.advance(seconds=BACK_OFF_SECONDS)
            valkey.start()
            tolerant.charge(NAME, LIMIT)

    assert [each.get("passed") for each in logs] == [None, 1, None, 1]
    assert (tolerant.outages, tolerant.passed) == (2, 2)


def test_frozen_server_costs_one_timeout_in_each_back_off(
    tolerant: TolerantLimiter, valkey: ValkeyServer, clock: SettableClock
) -> None:
    valkey.freeze()
    began = time.monotonic()
    for _ in range(3):
        for _ in range(100):
            tolerant.charge(NAME, LIMIT)
        clock.advance(seconds=BACK_OFF_SECONDS)

    assert tolerant.passed == 300
    assert 3 * TIMEOUT_SECONDS * 0.9 < time.monotonic() - began < 9 * TIMEOUT_SECONDS


def test_one_thread_tries_again_while_the_others_pass(
    valkey: ValkeyServer, clock: SettableClock
) -> None:
    threads, timeout_seconds = 20, 1
    tolerant = TolerantLimiter(SharedLimiter(valkey.url, timeout_seconds), clock)
    valkey.freeze()
    tolerant.charge(NAME, LIMIT)
    clock.advance(seconds=BACK_OFF_SECONDS)
    all_at_once = Barrier(threads)

    def timed() -> float:
        all_at_once.wait()
        began = time.monotonic()
        assert tolerant.charge(NAME, LIMIT) == UNCOUNTED
        return time.monotonic() - began

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(timed) for _ in range(threads)]
        waits = sorted(future.result() for future in futures)
    tolerant.close()

    assert waits[-1] > timeout_seconds * 0.9 > waits[-2]
    assert tolerant.passed == threads + 1


def test_threads_that_meet_an_outage_together_count_it_once(
    tolerant: TolerantLimiter, valkey: ValkeyServer
) -> None:
    threads = 20
    valkey.freeze()
    all_at_once = Barrier(threads)

    def charge() -> Charge:
        all_at_once.wait()
        return tolerant.charge(NAME, LIMIT)

    with capture_logs() as logs, ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(charge) for _ in range(threads)]
        answers = [future.result() for future in futures]

    assert answers == [UNCOUNTED] * threads
    assert len(logs) == tolerant.outages == 1
    assert tolerant.passed == threads


def test_readiness_finds_an_outage_and_its_end_without_any_request(
    tolerant: TolerantLimiter, valkey: ValkeyServer, clock: SettableClock
) -> None:
    assert tolerant.check()
    valkey.kill()
    assert not tolerant.check()
    assert not tolerant.available

    valkey.start()
    clock.advance(seconds=BACK_OFF_SECONDS)
    assert tolerant.check()
    assert tolerant.available
    assert (tolerant.outages, tolerant.passed) == (1, 0)


def test_server_that_answers_but_cannot_count_is_an_outage_to_readiness_too(
    tolerant: TolerantLimiter, valkey: ValkeyServer
) -> None:
    valkey.client.config_set("maxmemory", "1")

    assert not tolerant.check()


def test_clock_set_back_does_not_put_the_next_try_off(
    tolerant: TolerantLimiter, valkey: ValkeyServer, clock: SettableClock
) -> None:
    valkey.kill()
    tolerant.charge(NAME, LIMIT)
    valkey.start()
    clock.advance(days=-1)

    tolerant.charge(NAME, LIMIT)

    assert tolerant.available
