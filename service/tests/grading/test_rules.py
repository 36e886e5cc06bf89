"""Each rule at its edges: what is a fault, what is none, and what was not seen at all."""

from itertools import accumulate

import pytest
from grading_journal import Journal, Note

from keyfob.grading.credentials import (
    follows_rotation,
    keeps_key_out_of_urls,
    needs_its_scopes,
    shares_no_key,
    stops_on_401,
)
from keyfob.grading.entry import Outcome
from keyfob.grading.grade import RULES, grade
from keyfob.grading.manners import follows_pages, names_itself
from keyfob.grading.retries import backs_off, gives_up, keeps_retry_after, repeats_creations_safely
from keyfob.grading.rule import Rule, Verdict

PASSED, FAULT, NOT_SEEN = Verdict.PASSED, Verdict.FAULT, Verdict.NOT_SEEN
BUSY = {"status": 429, "code": "RATE_LIMITED", "retry_after": 2}
BROKEN = {"status": 500, "code": "INTERNAL_ERROR"}
REFUSED = {"status": 401, "code": "API_KEY_REVOKED"}
ROTATED = {"status": 401, "code": "API_KEY_ROTATED"}
LOST = {"outcome": Outcome.DROPPED, "status": None, "code": None}
CREATION = {"method": "POST", "creates": True, "body": "b"}


def verdict(rule: Rule, journal: Journal) -> Verdict:
    return rule.judge(journal).verdict


def once(key: str) -> dict[str, dict[str, str]]:
    return {"headers": {"User-Agent": "acme/1", "Idempotency-Key": key}}


def test_nothing_is_seen_in_an_empty_journal() -> None:
    given = grade([])

    assert given.outcome == "nothingToJudge"
    assert {judgement.verdict for _, judgement in given.judgements} == {NOT_SEEN}


def test_every_rule_says_what_a_careful_client_does_and_what_to_do() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.sentence.endswith(".")
        assert rule.advice.endswith(".")


@pytest.mark.parametrize(("seconds", "expected"), [(1.9, FAULT), (2, PASSED), (90, PASSED)])
def test_retry_after_is_kept_to_the_second(
    journal: Journal, note: Note, seconds: float, expected: Verdict
) -> None:
    note(0, **BUSY)
    note(seconds, path="/v1/sites")  # anything with that key

    assert verdict(keeps_retry_after, journal) is expected


def test_outage_of_one_operation_binds_nobody_who_asks_for_another(
    journal: Journal, note: Note
) -> None:
    outage = {"status": 503, "code": "UNAVAILABLE", "retry_after": 2}
    note(0, operation_id="listVisitors", **outage)
    note(0.5, operation_id="listSites")
    assert verdict(keeps_retry_after, journal) is NOT_SEEN

    note(1, operation_id="listVisitors")
    assert verdict(keeps_retry_after, journal) is FAULT


def test_retry_after_binds_neither_another_key_nor_what_was_on_its_way(
    journal: Journal, note: Note
) -> None:
    note(0, **{**BUSY, "answered_at": 500})
    note(0.4)  # sent before the refusal was there
    note(0.6, credential="b", key_id="key_b")
    assert verdict(keeps_retry_after, journal) is NOT_SEEN

    note(2.6)
    assert verdict(keeps_retry_after, journal) is PASSED


def test_each_broken_wait_is_a_fault_with_both_requests_as_evidence(
    journal: Journal, note: Note
) -> None:
    for second in range(4):
        note(second, **BUSY)

    found = keeps_retry_after.judge(journal).faults
    assert [fault.numbers for fault in found] == [(1, 2), (2, 3), (3, 4)]
    assert found[0].told == "Told to wait 2 s, it came again after 1.0 s."


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([1, 1, 1], FAULT),
        ([1, 1.1, 1.1], FAULT),
        ([0.5, 0.55, 0.45, 0.6], FAULT),
        ([0.2, 0.2, 0.2, 0.2, 0.25], FAULT),
        ([1.6, 0.8, 0.4, 0.2, 0.1], FAULT),
        ([0.2, 0.4, 0, 0, 0, 0], FAULT),
        ([0, 0.8, 0, 0, 0, 0], FAULT),
        ([0.001, 0, 0.002, 0.001, 0.004], FAULT),  # no pauses at all, and a clock that ticks
        ([0.06, 0.07, 0.09], FAULT),
        ([1, 2, 4], PASSED),
        ([4, 1, 7], PASSED),  # chance makes a pause shorter now and then
        ([0.9, 0.3, 1.6, 0.5], PASSED),
        ([0.3, 0.6, 1.2, 1.2, 1.2, 1.2], PASSED),
        ([0, 0.1, 0.2], PASSED),  # the first retry may come at once
        ([1, 1], NOT_SEEN),
        ([300, 300, 300], NOT_SEEN),  # no retries, but the next time that something is due
        ([1, 2, 300, 1, 2], NOT_SEEN),
    ],
)
def test_pauses_have_to_grow(
    journal: Journal, note: Note, pauses: list[float], expected: Verdict
) -> None:
    for second in accumulate(pauses, initial=0):
        note(second, **BROKEN)

    assert verdict(backs_off, journal) is expected


def test_pauses_that_the_server_asked_for_need_not_grow(journal: Journal, note: Note) -> None:
    for second in (0, 2, 4, 6, 8):
        note(second, **BUSY)

    assert verdict(backs_off, journal) is NOT_SEEN


def test_success_ends_a_series_and_another_wish_is_another_series(
    journal: Journal, note: Note
) -> None:
    for second in range(8):
        note(second, **({} if second % 3 == 2 else BROKEN))
        note(second, path="/v1/sites", **BROKEN, key_id=f"other {second}")

    assert verdict(backs_off, journal) is NOT_SEEN


@pytest.mark.parametrize(
    ("attempts", "last", "expected"),
    [(8, BROKEN, PASSED), (9, BROKEN, FAULT), (1, BROKEN, PASSED), (3, {}, NOT_SEEN)],
)
def test_eight_attempts_are_enough(
    journal: Journal, note: Note, attempts: int, last: dict[str, object], expected: Verdict
) -> None:
    for attempt in range(attempts - 1):
        note(5 * attempt, **BROKEN)
    note(5 * attempts, **last)

    assert verdict(gives_up, journal) is expected


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([29] * 8, FAULT),
        ([31] * 40, PASSED),  # it looks in now and then
        ([1, 2, 4, 8, 16, 32, 64, 128], FAULT),  # ever later, and no end
        ([5, 10, 29, 60, 120] + [179] * 3, FAULT),
        ([1, 2, 4, 180] * 5, PASSED),  # it gives up, and begins anew later
    ],
)
def test_retry_is_what_comes_soon_or_hardly_later_than_the_pauses_before_it(
    journal: Journal, note: Note, pauses: list[float], expected: Verdict
) -> None:
    for second in accumulate(pauses, initial=0):
        note(second, **BROKEN)

    assert verdict(gives_up, journal) is expected


def test_retry_is_what_comes_soon_after_the_server_asked_it_to(
    journal: Journal, note: Note
) -> None:
    for attempt in range(9):
        note(attempt * 89, **{**BUSY, "retry_after": 60})
    assert verdict(gives_up, journal) is FAULT

    journal.clear()
    for attempt in range(9):
        note(attempt * 90, **{**BUSY, "retry_after": 60})
    assert verdict(gives_up, journal) is PASSED


@pytest.mark.parametrize("doubt", [BROKEN, LOST, {**LOST, "outcome": Outcome.ABANDONED}])
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [({}, {}, FAULT), (once("1"), once("1"), PASSED), (once("1"), once("2"), FAULT),
     (once("1"), {}, FAULT), ({}, once("1"), FAULT)],
)  # fmt: skip
def test_creation_in_doubt_is_repeated_under_its_first_idempotency_key(
    journal: Journal,
    note: Note,
    doubt: dict[str, object],
    first: dict[str, object],
    second: dict[str, object],
    expected: Verdict,
) -> None:
    note(0, **CREATION, **doubt, **first)
    note(5, **CREATION, status=201, **second)

    assert verdict(repeats_creations_safely, journal) is expected


def test_creation_stays_the_same_one_when_the_value_of_its_key_is_replaced(
    journal: Journal, note: Note
) -> None:
    note(0, **CREATION, **BROKEN, credential="old")
    note(5, **CREATION, status=201, credential="new")

    assert verdict(repeats_creations_safely, journal) is FAULT


def test_creation_that_was_refused_or_is_another_one_needs_no_idempotency_key(
    journal: Journal, note: Note
) -> None:
    note(0, **CREATION, **BUSY)
    note(5, **CREATION, status=201)
    note(10, **CREATION, **BROKEN)
    note(15, **{**CREATION, "body": "c"}, status=201)
    note(20, method="POST", **BROKEN)  # a step: to take it twice is a conflict, not a second one
    note(25, method="POST")

    assert verdict(repeats_creations_safely, journal) is NOT_SEEN


@pytest.mark.parametrize(("times", "expected"), [(1, PASSED), (3, PASSED), (4, FAULT)])
def test_refused_key_is_tried_three_times_at_most(
    journal: Journal, note: Note, times: int, expected: Verdict
) -> None:
    for second in range(times):
        note(second * 600, **REFUSED)
        note(second * 600, credential="b")

    assert verdict(stops_on_401, journal) is expected


def test_refusals_are_counted_in_a_row(journal: Journal, note: Note) -> None:
    for second in range(12):
        note(second, **(REFUSED if second % 4 else {}))

    assert verdict(stops_on_401, journal) is PASSED


@pytest.mark.parametrize(
    ("versions", "expected"),
    [("1", NOT_SEEN), ("12", PASSED), ("1112", PASSED), ("11112", FAULT), ("1121", FAULT),
     ("111", PASSED)],
)  # fmt: skip
def test_old_value_is_used_no_more_once_the_new_one_is_known(
    journal: Journal, note: Note, versions: str, expected: Verdict
) -> None:
    for second, version in enumerate(versions):
        is_old = version == "1" and versions != "1"
        note(second, secret_version=int(version), **(ROTATED if is_old else {}))

    assert verdict(follows_rotation, journal) is expected


@pytest.mark.parametrize(
    ("agents", "seconds_apart", "expected"),
    [(["acme/1", "acme/2 (linux)"], 1, PASSED), (["acme/1", "other/1"], 1, FAULT),
     (["acme/1", "other/1"], 3600, PASSED), (["acme/1", ""], 1, PASSED), ([""], 1, NOT_SEEN)],
)  # fmt: skip
def test_two_products_within_an_hour_share_a_key(
    journal: Journal, note: Note, agents: list[str], seconds_apart: int, expected: Verdict
) -> None:
    for position, agent in enumerate(agents):
        note(position * seconds_apart, headers={"User-Agent": agent} if agent else {})

    assert verdict(shares_no_key, journal) is expected


def test_scopes_that_no_operation_needed_are_named(journal: Journal, note: Note) -> None:
    note(0, scopes=["visitors:read", "visitors:write", "keys:write"])
    note(1, scopes=["visitors:read", "visitors:write", "keys:write"], required_scope=None)

    (fault,) = needs_its_scopes.judge(journal).faults
    assert fault.told == "key_a was never used for visitors:write, keys:write."


def test_key_that_never_worked_is_not_judged_by_its_scopes(journal: Journal, note: Note) -> None:
    note(0, scopes=["visitors:read", "visitors:write"], **REFUSED)

    assert verdict(needs_its_scopes, journal) is NOT_SEEN


def test_list_is_followed_until_nothing_follows(journal: Journal, note: Note) -> None:
    note(0)
    assert verdict(follows_pages, journal) is NOT_SEEN
    note(1, next_cursor="c1")
    assert verdict(follows_pages, journal) is FAULT
    note(2, cursor="c1", next_cursor="c2")
    assert verdict(follows_pages, journal) is FAULT
    note(3, cursor="c2")
    assert verdict(follows_pages, journal) is PASSED
    note(4, listed="other filters", next_cursor="d1")
    assert verdict(follows_pages, journal) is FAULT


@pytest.mark.parametrize("position", [0, 1, 2])
def test_who_reads_a_list_to_its_end_may_look_at_its_beginning(
    journal: Journal, note: Note, position: int
) -> None:
    walk = [{"limit": "50", "next_cursor": "c1"}, {"limit": "50", "cursor": "c1"}]
    for second, page in enumerate(
        [*walk[:position], {"limit": "1", "next_cursor": "p1"}, *walk[position:]]
    ):
        note(second, **page)
    assert verdict(follows_pages, journal) is PASSED

    note(4, limit="50", next_cursor="c1b")
    assert verdict(follows_pages, journal) is FAULT


def test_limit_may_change_on_the_way_through_a_list(journal: Journal, note: Note) -> None:
    note(0, limit="10", next_cursor="c1")
    note(1, limit="50", cursor="c1")

    assert verdict(follows_pages, journal) is PASSED


def test_key_in_the_url_and_missing_names_are_told_with_the_requests(
    journal: Journal, note: Note
) -> None:
    note(0)
    assert verdict(keeps_key_out_of_urls, journal) is verdict(names_itself, journal) is PASSED
    note(1, key_in_url=True)
    note(2, headers={})

    assert keeps_key_out_of_urls.judge(journal).faults[0].numbers == (2,)
    assert names_itself.judge(journal).faults[0].numbers == (3,)
    assert grade(journal).outcome == "failed"


def test_ten_thousand_requests_are_judged_in_a_moment(journal: Journal, note: Note) -> None:
    """What costs the square of their number would take minutes here."""
    for number in range(10_000):
        note(number / 10, **(BUSY if number % 2 else REFUSED))

    assert grade(journal).outcome == "failed"
