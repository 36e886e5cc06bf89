"""What every limiter guarantees, in memory and on a real Valkey."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from keyfob.limits import Charge, Limiter
from keyfob.model import RateLimit

NAME = "key:key_1"
LetPass = Callable[[str, int], None]


def charges(limiter: Limiter, times: int, limit: RateLimit, name: str = NAME) -> list[Charge]:
    return [limiter.charge(name, limit) for _ in range(times)]


def allowed(limiter: Limiter, times: int, limit: RateLimit) -> int:
    return sum(charge.allowed for charge in charges(limiter, times, limit))


def test_exactly_so_many_pass_as_the_limit_says_and_then_none(limiter: Limiter) -> None:
    answers = charges(limiter, 6, RateLimit(3, 60))

    assert [each.allowed for each in answers] == [True, True, True, False, False, False]
    assert [each.remaining for each in answers] == [2, 1, 0, 0, 0, 0]
    assert {(each.limit, each.window_seconds) for each in answers} == {(3, 60)}
    assert all(0 < each.reset_ms <= 60_000 for each in answers)


def test_names_are_counted_apart(limiter: Limiter) -> None:
    charges(limiter, 2, RateLimit(1, 60))

    assert limiter.charge("key:key_2", RateLimit(1, 60)).allowed


def test_next_window_lets_as_many_pass_however_many_were_refused(
    limiter: Limiter, let_pass: LetPass
) -> None:
    limit = RateLimit(5, 1)
    for _ in range(2):
        assert allowed(limiter, 50, limit) == 5
        let_pass(NAME, limiter.charge(NAME, limit).reset_ms)

    assert allowed(limiter, 50, limit) == 5


def test_refusals_do_not_put_the_end_of_the_window_off(limiter: Limiter, let_pass: LetPass) -> None:
    limit = RateLimit(1, 1)
    opened = limiter.charge(NAME, limit)
    refused = charges(limiter, 20, limit)

    resets = [each.reset_ms for each in (opened, *refused)]
    assert resets == sorted(resets, reverse=True)

    let_pass(NAME, resets[-1])
    assert limiter.charge(NAME, limit).allowed


def test_changed_limit_counts_from_the_next_window(limiter: Limiter, let_pass: LetPass) -> None:
    old, new = RateLimit(2, 1), RateLimit(4, 30)
    limiter.charge(NAME, old)

    meanwhile = charges(limiter, 3, new)
    assert [each.allowed for each in meanwhile] == [True, False, False]
    assert {each.policy_header for each in meanwhile} == {'"key";q=2;w=1'}

    let_pass(NAME, meanwhile[-1].reset_ms)
    answers = charges(limiter, 6, new)
    assert [each.allowed for each in answers] == [True] * 4 + [False] * 2
    assert {each.policy_header for each in answers} == {'"key";q=4;w=30'}


def test_lowered_limit_takes_nothing_from_the_open_window(limiter: Limiter) -> None:
    limiter.charge(NAME, RateLimit(10, 60))

    assert allowed(limiter, 20, RateLimit(1, 1)) == 9


def test_largest_limit_is_counted_like_any(limiter: Limiter) -> None:
    charge = limiter.charge(NAME, RateLimit(1_000_000, 86_400))

    assert charge == Charge(
        allowed=True, limit=1_000_000, window_seconds=86_400, remaining=999_999, reset_ms=86_400_000
    )


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Threads give way to each other as often as they can, so that a race is lost at once."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless_threads")
def test_of_2000_charges_by_100_threads_exactly_500_pass(limiter: Limiter) -> None:
    threads, limit = 100, RateLimit(500, 3600)
    all_at_once = Barrier(threads)

    def charge_20_times() -> list[Charge]:
        all_at_once.wait()
        return charges(limiter, 20, limit)

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(charge_20_times) for _ in range(threads)]
        answers = [charge for future in futures for charge in future.result()]

    passed = [each for each in answers if each.allowed]
    assert len(answers) == 2000
    assert sorted(each.remaining for each in passed) == list(range(500))
