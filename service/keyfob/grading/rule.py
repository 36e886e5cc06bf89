"""What a rule is, and what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from keyfob.grading.entry import Entry


class Verdict(StrEnum):
    """What can be said of a client."""

    PASSED = "passed"
    FAULT = "fault"
    NOT_SEEN = "notSeen"  # there was no occasion to tell


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a client did wrong.

    Attributes:
        told: what, in a sentence.
        numbers: of the entries that show it, the first of many.
    """

    told: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule finds in a journal.

    Attributes:
        seen: there was an occasion on which to keep the rule or break it.
    """

    seen: bool
    faults: Sequence[Fault] = ()

    @property
    def verdict(self) -> Verdict:
        """What this says of the client."""
        if self.faults:
            return Verdict.FAULT
        return Verdict.PASSED if self.seen else Verdict.NOT_SEEN


Judge = Callable[[Sequence[Entry]], Judgement]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for clients.

    Attributes:
        name: the function's.
        sentence: what a careful client does.
        advice: what to do about a fault.
    """

    name: str
    sentence: str
    advice: str
    judge: Judge


def rule(sentence: str, advice: str) -> Callable[[Judge], Rule]:
    """Make a rule of the function that judges it."""
    return lambda judge: Rule(judge.__name__, sentence, advice, judge)


def numbers_of(entries: Sequence[Entry], most: int = 10) -> tuple[int, ...]:
    """Answer the numbers of some entries as evidence."""
    return tuple(entry.number for entry in entries[:most])
