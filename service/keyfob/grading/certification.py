"""A client on its way through a course, and what that comes to. What was not seen is not passed."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus

from keyfob.grading.course import Exercise, Progress
from keyfob.grading.entry import Entry, Outcome
from keyfob.grading.grade import Grade, grade
from keyfob.grading.rule import Verdict

MOST_ENTRIES = 5000
"""Who has not come to the end with so many requests has failed."""

_MANAGEMENT = ("keys:", "audit:")


class Result(StrEnum):
    """What a certification comes to."""

    UNDER_WAY = "underWay"
    PASSED = "passed"
    FAILED = "failed"
    REHEARSED = "rehearsed"  # it would have passed, but was helped


class State(StrEnum):
    """What became of an exercise."""

    TO_COME = "toCome"
    CURRENT = "current"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Certification:
    """One client's way. It is known by its key: the first that is let in for people or deliveries.

    Requests with other keys are somebody else's, and not judged. The mock's own part in the
    exercises is none of what is here.

    Attributes:
        key_id: None until it is known.
        aids: by what the client was helped.
        begun_at: when its first request came; None before.
        ended_at: when the last exercise was over; None before. What comes later is not judged.
    """

    def __init__(self, course: Sequence[Exercise]) -> None:
        self.course = course
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget the client."""
        self._entries: list[Entry] = []
        self._position = 0
        self._last_before = 0
        self.key_id: str | None = None
        self.aids: list[str] = []
        self.begun_at: int | None = None
        self.ended_at: int | None = None

    def note(self, entry: Entry) -> None:
        """Keep what was received."""
        if self.ended_at is None:
            self._entries.append(entry)
            self.begun_at = self._entries[0].at

    def help(self, aid: str) -> None:
        """Note that the client was helped: a sentence says by what."""
        if self.begun_at is not None and self.ended_at is None and aid not in self.aids:
            self.aids.append(aid)

    def advance(self, now: int) -> bool:
        """Go on to the next exercise if this one is over, and say whether it was."""
        if self.ended_at is not None:
            return False
        if self.key_id is None:
            self.key_id = next((entry.key_id for entry in self._entries if _lets_in(entry)), None)
        if len(self._entries) >= MOST_ENTRIES:
            self.end(now)
        elif self.progress(now).is_over:
            self._last_before = self._entries[-1].number
            self._position += 1
            if self.current is not None and self._is_beyond_it(self.current):
                self._position += 1
            if self.current is None:
                self.end(now)
        else:
            return False
        return True

    def end(self, now: int) -> None:
        """Judge by what there is, although exercises may be left."""
        self.ended_at = now
        self._entries = [each for each in self._entries if each.outcome is not Outcome.PENDING]

    @property
    def current(self) -> Exercise | None:
        """The exercise that the client is at; None after the last."""
        return self.course[self._position] if self._position < len(self.course) else None

    def progress(self, now: int) -> Progress:
        """Say how far the current exercise is."""
        if self.current is None:
            return Progress(is_over=True)
        return self.current.progress(self._since_it_began(), now)

    @property
    def was_refused(self) -> bool:
        """Whether the client met a 401 in the current exercise."""
        return any(entry.status == HTTPStatus.UNAUTHORIZED for entry in self._since_it_began())

    @property
    def entries(self) -> Sequence[Entry]:
        """What the client is judged by."""
        if self.key_id is None:
            return self._entries
        return [each for each in self._entries if each.key_id in {None, self.key_id}]

    @property
    def user_agent(self) -> str | None:
        """What the client has called itself last; None before it is known."""
        own = [each.user_agent for each in self._entries if each.key_id == self.key_id is not None]
        return own[-1] if own else None

    @property
    def others(self) -> int:
        """How many requests came with other keys."""
        return len(self._entries) - len(self.entries)

    def grade(self) -> Grade:
        """Judge what was seen."""
        return grade(self.entries)

    @property
    def result(self) -> Result:
        """What it comes to."""
        if self.ended_at is None:
            return Result.UNDER_WAY
        skipped = [each for each in self.course if self._is_beyond_it(each)]
        excused = {rule for each in skipped for rule in each.rules}
        judged = self._verdicts().items()
        is_kept = all(verdict is Verdict.PASSED for name, verdict in judged if name not in excused)
        if self.current is not None or not is_kept:
            return Result.FAILED
        return Result.REHEARSED if self.aids else Result.PASSED

    def states(self) -> Sequence[tuple[Exercise, State]]:
        """Answer what became of each exercise: passed if each of its rules was seen, and kept."""
        verdicts = self._verdicts()
        return [
            (exercise, self._state(exercise, position, verdicts))
            for position, exercise in enumerate(self.course)
        ]

    def _since_it_began(self) -> Sequence[Entry]:
        return [entry for entry in self.entries if entry.number > self._last_before]

    def _state(self, exercise: Exercise, position: int, verdicts: Mapping[str, Verdict]) -> State:
        if self._is_beyond_it(exercise):
            return State.SKIPPED
        if position > self._position:
            return State.TO_COME
        if position == self._position:
            return State.CURRENT if self.ended_at is None else State.FAILED
        passed = all(verdicts[name] is Verdict.PASSED for name in exercise.rules)
        return State.PASSED if passed else State.FAILED

    def _verdicts(self) -> Mapping[str, Verdict]:
        return {rule.name: judgement.verdict for rule, judgement in self.grade().judgements}

    def _is_beyond_it(self, exercise: Exercise) -> bool:
        """Say whether the client's key does not permit the exercise."""
        if not exercise.creates or self.key_id is None:
            return False
        scopes = next(each.scopes for each in self._entries if each.key_id == self.key_id)
        return not any(scope.endswith(":write") for scope in scopes)


def _lets_in(entry: Entry) -> bool:
    scope = entry.required_scope
    is_good = entry.status is not None and entry.status < HTTPStatus.BAD_REQUEST
    return is_good and scope is not None and not scope.startswith(_MANAGEMENT)
