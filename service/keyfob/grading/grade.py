"""All rules together, and the questions that no server can answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from keyfob.grading.credentials import (
    follows_rotation,
    keeps_key_out_of_urls,
    needs_its_scopes,
    shares_no_key,
    stops_on_401,
)
from keyfob.grading.entry import Entry
from keyfob.grading.manners import follows_pages, names_itself
from keyfob.grading.retries import backs_off, gives_up, keeps_retry_after, repeats_creations_safely
from keyfob.grading.rule import Judgement, Rule, Verdict

RULES: tuple[Rule, ...] = (
    keeps_key_out_of_urls,
    stops_on_401,
    keeps_retry_after,
    backs_off,
    gives_up,
    repeats_creations_safely,
    follows_pages,
    follows_rotation,
    shares_no_key,
    needs_its_scopes,
    names_itself,
)

QUESTIONS = (
    "Does it log the requestId of every error, so that both sides can speak of the same request?",
    "Where does it keep its key: in a secret manager, or in code, an image or a repository?",
    "Who is told when its key is refused, and who before its key expires or is due for rotation?",
    "Can its key be replaced without a new release, and has anybody tried?",
    "Does it check the certificate of the server that it sends its key to?",
)


class Outcome(StrEnum):
    """What the grade comes to."""

    PASSED = "passed"
    FAILED = "failed"
    NOTHING_TO_JUDGE = "nothingToJudge"


@dataclass(frozen=True, slots=True)
class Grade:
    """What can be said of a client.

    Attributes:
        requests: how many it is judged by.
        judgements: of each rule.
    """

    requests: int
    judgements: Sequence[tuple[Rule, Judgement]]

    @property
    def outcome(self) -> Outcome:
        """What it comes to; what was not seen is no fault, and no merit."""
        if self.requests == 0:
            return Outcome.NOTHING_TO_JUDGE
        verdicts = {judgement.verdict for _, judgement in self.judgements}
        return Outcome.FAILED if Verdict.FAULT in verdicts else Outcome.PASSED


def grade(entries: Sequence[Entry]) -> Grade:
    """Judge a client by all that it sent."""
    return Grade(len(entries), [(each, each.judge(entries)) for each in RULES])
