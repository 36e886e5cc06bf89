"""A course at its edges: when an exercise is over, by what came and by the time alone."""

import pytest
from grading_journal import Journal, Note

from keyfob.grading.certification import MOST_ENTRIES, Certification, Result
from keyfob.grading.course import COURSE

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
        ([0, 1], 1 + 5),  # at least so long
        ([0, 1, 3, 7], 7 + 12),  # three times as long as it has waited before
        ([0, 10, 50], 50 + 60),  # at most a minute: what comes later is the next time
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
