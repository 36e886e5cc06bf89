"""A course at its edges: when an exercise is over, by what came and by the time alone."""

import pytest
from grading_journal import Journal, Note

from keyfob.grading.certification import MOST_ENTRIES, Certification, Result
from keyfob.grading.course import COURSE
from keyfob.grading.retries import gives_up
from keyfob.grading.rule import Verdict

BUSY = {"status": 503, "code": "UNAVAILABLE", "retry_after": 1, "scripted": True}
GIVE_UP = COURSE[-1]


def test_every_exercise_says_what_to_do_and_no_two_are_called_alike() -> None:
    assert len({exercise.name for exercise in COURSE}) == len(COURSE)
    for exercise in COURSE:
        assert exercise.task.endswith(".")
        assert not GIVE_UP.progress([], 0).is_over


@pytest.mark.parametrize(
    ("attempts", "decided_at"),
    [
        ([0], 31),  # half a minute after the end of the Retry-After
        ([0, 1, 3, 7], 7 + 31),
        ([0, 20], 20 + 60),  # three times as long as it has waited before
        ([0, 30, 100], 100 + 180),  # at most three minutes: what comes later is the next time
    ],
)
def test_client_has_given_up_when_nothing_came_for_longer_than_it_used_to_wait(
    journal: Journal, note: Note, attempts: list[int], decided_at: int
) -> None:
    for second in attempts:
        note(second, **BUSY)

    progress = GIVE_UP.progress(journal, decided_at * 1000 - 1)
    assert (progress.is_over, progress.decided_at) == (False, decided_at * 1000)
    assert GIVE_UP.progress(journal, decided_at * 1000).is_over


@pytest.mark.parametrize("pause", [6, 30])
def test_who_is_said_to_have_given_up_is_not_said_to_go_on_in_free_play(
    journal: Journal, note: Note, pause: int
) -> None:
    """The exercise and the rule agree on who comes again for ever, with pauses however long."""
    while not GIVE_UP.progress(journal, pause * 1000 * len(journal)).is_over:
        note(pause * len(journal), **BUSY)

    assert gives_up.judge(journal).verdict is Verdict.FAULT


def test_client_that_goes_on_and_on_is_not_waited_for(journal: Journal, note: Note) -> None:
    for second in range(9):
        note(second, **BUSY)

    assert GIVE_UP.progress(journal, 8000).is_over


def test_client_that_does_not_come_to_the_end_has_failed(journal: Journal, note: Note) -> None:
    certification = Certification(COURSE)
    for second in range(MOST_ENTRIES):
        certification.note(note(second))
    certification.advance(0)

    assert certification.result is Result.FAILED
    certification.note(note(MOST_ENTRIES))
    assert len(certification.entries) == len(journal) - 1
