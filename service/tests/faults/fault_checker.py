"""Judges a history: was any request judged by a state that was over before it began?"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fault_history import History, KeyHistory, State, Use

ANYTIME = frozenset({"CUT", "UNAVAILABLE"})
"""What may become of any request in an outage: no reply from a process that died, or a 503."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    promise: str
    told: str


def violations_of(history: History, longest_seconds: float) -> Iterator[Violation]:
    """Answer what is wrong with a history.

    Args:
        history: of a run that is over.
        longest_seconds: that any request may take.
    """
    for use in history.uses:
        yield from _judge(use, history.keys[use.key], longest_seconds)


def judged(history: History) -> Counter[str]:
    """Answer how many requests there were, by what became of them."""
    return Counter(use.outcome for use in history.uses)


def _judge(use: Use, key: KeyHistory, longest_seconds: float) -> Iterator[Violation]:
    if use.ended - use.began > longest_seconds:
        yield Violation("bounded time", f"{use.outcome} took {use.ended - use.began:.1f} s")
    if not use.is_proper:
        yield Violation("a proper envelope", f"{use.outcome} came without one")
    if use.outcome in ANYTIME:
        return
    possible = {state.outcomes.get(use.value, "API_KEY_INVALID") for state in in_force(key, use)}
    if use.outcome not in possible:
        yield Violation(
            "immediately means immediately",
            f"{key.name}: a request of {use.began:.3f} to {use.ended:.3f} was judged"
            f" {use.outcome}, and could be {' or '.join(sorted(possible))} only",
        )


def in_force(key: KeyHistory, use: Use) -> Iterator[State]:
    """Answer the states that may have been in force at some time while a request was on its way."""
    for number, state in enumerate(key.states):
        follower = key.states[number + 1] if number + 1 < len(key.states) else None
        over = follower is not None and follower.sure < use.began
        if state.begun <= use.ended and not over:
            yield state
