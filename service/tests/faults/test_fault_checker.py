"""The judge of the fault suite finds what is planted, and nothing where nothing is."""

import pytest
from fault_checker import violations_of
from fault_history import ALIVE, History, KeyHistory, State, Use

LONGEST = 10.0
STATES = [
    State(0, 1, {"first": ALIVE}),
    State(10, 11, {"first": "API_KEY_ROTATED", "second": ALIVE}),
    State(20, 21, {"first": "API_KEY_ROTATED", "second": "API_KEY_REVOKED"}),
    State(30, 31, {"first": "API_KEY_ROTATED", "second": ALIVE}),
]


def promises_broken(use: Use) -> list[str]:
    history = History()
    history.add_key(KeyHistory("key_1", "planted", STATES))
    history.add_uses([use])
    return [violation.promise for violation in violations_of(history, LONGEST)]


@pytest.mark.parametrize(
    ("value", "began", "ended", "outcome"),
    [
        ("first", 5, 6, ALIVE),
        ("first", 9, 10.5, ALIVE),
        ("first", 10.9, 12, ALIVE),
        ("first", 9, 10.5, "API_KEY_ROTATED"),
        ("first", 11.1, 12, "API_KEY_ROTATED"),
        ("second", 19, 22, ALIVE),
        ("second", 19, 22, "API_KEY_REVOKED"),
        ("second", 31.5, 32, ALIVE),
        ("second", 25, 26, "CUT"),
        ("second", 25, 26, "UNAVAILABLE"),
        ("third", 25, 26, "API_KEY_INVALID"),
    ],
)
def test_what_could_be_is_no_violation(
    value: str, began: float, ended: float, outcome: str
) -> None:
    assert promises_broken(Use("key_1", value, began, ended, outcome)) == []


@pytest.mark.parametrize(
    ("value", "began", "ended", "outcome"),
    [
        ("first", 11.01, 12, ALIVE),
        ("second", 21.01, 21.02, ALIVE),
        ("second", 31.01, 32, "API_KEY_REVOKED"),
        ("second", 12, 13, "API_KEY_REVOKED"),
        ("first", 5, 6, "API_KEY_ROTATED"),
        ("first", 25, 26, "API_KEY_REVOKED"),
        ("third", 25, 26, ALIVE),
        ("second", 12, 13, "INTERNAL_ERROR"),
    ],
)
def test_what_was_judged_by_a_state_that_was_over_or_yet_to_come_is_found(
    value: str, began: float, ended: float, outcome: str
) -> None:
    found = promises_broken(Use("key_1", value, began, ended, outcome))
    assert found == ["immediately means immediately"]


def test_a_reply_that_came_late_or_without_an_envelope_is_found() -> None:
    late = Use("key_1", "second", 0, LONGEST + 0.1, "UNAVAILABLE")
    bare = Use("key_1", "second", 12, 13, "UNAVAILABLE", is_proper=False)
    assert promises_broken(late) == ["bounded time"]
    assert promises_broken(bare) == ["a proper envelope"]
