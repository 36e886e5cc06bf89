"""What is more about counting in memory: exact to the millisecond, and bounded."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from world import SettableClock

from keyfob.limits import Charge, MemoryLimiter, guess_name
from keyfob.limits import memory as memory_module
from keyfob.model import RateLimit

NAME = "key:key_1"
MANY = 100_000


@pytest.fixture
def executed_lines() -> Callable[[Callable[[], object]], int]:
    """Answers how many lines of the limiter a call executes: a cost that nothing else disturbs.

    The garbage collector may run within any call, and whatever it finalises executes lines too.
    """

    def count(call: Callable[[], object]) -> int:
        lines = 0

        def trace(frame: FrameType, event: str, _argument: object) -> object:
            nonlocal lines
            if frame.f_code.co_filename != memory_module.__file__:
                return None
            lines += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)  # pyright: ignore[reportArgumentType]
        try:
            call()
        finally:
            sys.settrace(before)
        return lines

    return count


def test_window_lasts_to_the_millisecond(memory: MemoryLimiter, clock: SettableClock) -> None:
    limit = RateLimit(1, 2)
    memory.charge(NAME, limit)

    clock.now += 1999
    assert memory.charge(NAME, limit) == Charge(
        allowed=False, limit=1, window_seconds=2, remaining=0, reset_ms=1
    )
    clock.now += 1
    assert memory.charge(NAME, limit) == Charge(
        allowed=True, limit=1, window_seconds=2, remaining=0, reset_ms=2000
    )


def test_window_opens_with_the_first_charge_and_not_on_the_beat_of_the_clock(
    memory: MemoryLimiter, clock: SettableClock
) -> None:
    clock.now += 777
    memory.charge(NAME, RateLimit(1, 1))

    clock.now += 999
    assert not memory.charge(NAME, RateLimit(1, 1)).allowed


@pytest.mark.parametrize("elapsed_ms", [0, 1, 999, 1000, 1001, 2999])
def test_waiting_as_long_as_it_says_is_enough_and_a_second_less_is_not(
    memory: MemoryLimiter, clock: SettableClock, elapsed_ms: int
) -> None:
    limit = RateLimit(1, 3)
    memory.charge(NAME, limit)
    clock.now += elapsed_ms
    retry_after = memory.charge(NAME, limit).retry_after_seconds

    clock.advance(seconds=retry_after - 1)
    assert not memory.charge(NAME, limit).allowed
    clock.advance(seconds=1)
    assert memory.charge(NAME, limit).allowed


def test_clock_set_back_holds_no_window_open_for_longer_than_it_lasts(
    memory: MemoryLimiter, clock: SettableClock
) -> None:
    limit = RateLimit(1, 60)
    memory.charge(NAME, limit)

    clock.advance(days=-1)
    assert memory.charge(NAME, limit) == Charge(
        allowed=False, limit=1, window_seconds=60, remaining=0, reset_ms=60_000
    )
    clock.advance(seconds=60)
    assert memory.charge(NAME, limit).allowed


def test_cost_does_not_depend_on_the_limit(
    memory: MemoryLimiter, executed_lines: Callable[[Callable[[], object]], int]
) -> None:
    costs: set[tuple[int, ...]] = set()
    for requests in (20, 1_000_000):
        limit, name = RateLimit(requests, 86_400), f"key:{requests}"
        costs.add(tuple(executed_lines(lambda: memory.charge(name, limit)) for _ in range(10)))  # noqa: B023  called at once

    assert len(costs) == 1
    assert len(memory) == 2


def test_windows_that_have_passed_are_forgotten_by_the_charges_that_follow(
    memory: MemoryLimiter, clock: SettableClock
) -> None:
    for n in range(1000):
        memory.charge(f"key:{n}", RateLimit(1, 60))
    clock.advance(seconds=60)

    for _ in range(500):
        memory.charge(NAME, RateLimit(1, 3600))

    assert len(memory) == 1


def test_100_000_names_leave_no_more_behind_than_is_open(
    memory: MemoryLimiter, clock: SettableClock
) -> None:
    most_held = 0
    for n in range(MANY):
        clock.now += 10
        memory.charge(f"key:{n}", RateLimit(1, 1))
        most_held = max(most_held, len(memory))

    assert most_held == 100


def test_guesses_from_100_000_addresses_at_once_are_held_within_bounds(
    clock: SettableClock,
) -> None:
    memory = MemoryLimiter(clock, most_guessers=1000)
    for n in range(MANY):
        memory.charge(f"guess:{n}", RateLimit(600, 60))

    assert len(memory) == 1001


def test_further_guessers_share_one_window_and_nobody_else_does(clock: SettableClock) -> None:
    memory, limit = MemoryLimiter(clock, most_guessers=2), RateLimit(3, 60)
    known, another, third, fourth = (guess_name(f"203.0.113.{n}") for n in range(4))
    memory.charge(known, limit)
    memory.charge(another, limit)

    assert memory.charge(third, limit).remaining == 2
    assert memory.charge(fourth, limit).remaining == 1
    assert memory.charge(third, limit).remaining == 0
    assert not memory.charge(fourth, limit).allowed
    assert memory.charge(known, limit).remaining == 1
    assert memory.charge(NAME, limit).remaining == 2


def test_guessers_are_counted_apart_again_when_the_flood_is_over(clock: SettableClock) -> None:
    memory, limit = MemoryLimiter(clock, most_guessers=10), RateLimit(2, 60)
    for n in range(100):
        memory.charge(f"guess:{n}", limit)
    clock.advance(seconds=60)

    answers = [memory.charge(f"guess:later-{n}", limit) for n in range(10)]

    assert {each.remaining for each in answers} == {1}


class AgainstTheWordsOfTheDesign(RuleBasedStateMachine):
    """The limiter answers as one does that keeps every charge and counts anew each time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SettableClock()
        self.limiter = MemoryLimiter(self.clock)
        self.charged: dict[str, list[tuple[int, RateLimit]]] = {}

    @rule(
        name=st.sampled_from(["key:a", "key:b", "guess:c"]),
        limit=st.builds(RateLimit, st.integers(1, 3), st.integers(1, 3)),
        times=st.integers(1, 4),
    )
    def charge(self, name: str, limit: RateLimit, times: int) -> None:
        for _ in range(times):
            self.charged.setdefault(name, []).append((self.clock(), limit))
            assert self.limiter.charge(name, limit) == self.expected(name)

    @rule(milliseconds=st.sampled_from([1, 499, 500, 999, 1000, 1001, 2000, 3000]))
    def advance(self, milliseconds: int) -> None:
        self.clock.now += milliseconds

    @invariant()
    def nothing_is_held_for_names_that_never_came(self) -> None:
        assert len(self.limiter) <= len(self.charged)

    def expected(self, name: str) -> Charge:
        opened, limit, passed = 0, RateLimit(0, 0), 0
        allowed = False
        for now, asked in self.charged[name]:
            if now >= opened + limit.window_seconds * 1000:
                opened, limit, passed = now, asked, 0
            allowed = passed < limit.requests
            passed += allowed
        reset_ms = opened + limit.window_seconds * 1000 - self.clock()
        left = limit.requests - passed
        return Charge(allowed, limit.requests, limit.window_seconds, left, reset_ms)


TestAgainstTheWordsOfTheDesign = AgainstTheWordsOfTheDesign.TestCase
TestAgainstTheWordsOfTheDesign.settings = settings(max_examples=100, deadline=None)
