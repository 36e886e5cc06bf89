"""The kit can be trusted: it lets the service pass as it is, and none that is broken."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from keyfob.gate import judge
from keyfob_contract.checks import CHECKS
from keyfob_contract.faults import FAULTS
from keyfob_contract.faults.fault import Fault, Patch, fault
from keyfob_contract.faults.self_test import SelfTestResult, run_self_test
from keyfob_contract.faults.trial import PASSIVE_NAMES, FaultResult, try_fault

every_fault = pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])


@pytest.fixture(scope="session")
def outcome() -> SelfTestResult:
    """What came of all faults; they are tried once."""
    return run_self_test()


@every_fault
def test_the_check_that_is_there_for_a_fault_notices_it(
    fault: Fault, outcome: SelfTestResult
) -> None:
    (row,) = (row for row in outcome.rows if row.name == fault.name)
    assert row.is_caught, f"{fault.sentence} {row.trouble or row.caught_by or 'Nobody noticed.'}"


def test_every_check_notices_some_fault(outcome: SelfTestResult) -> None:
    assert not outcome.idle


def test_the_service_as_it_is_gives_no_alarm(outcome: SelfTestResult) -> None:
    assert not outcome.false_alarms


def test_every_fault_has_a_name_of_its_own_and_a_sentence() -> None:
    assert Counter(fault.name for fault in FAULTS).most_common(1)[0][1] == 1
    assert all(fault.sentence.endswith(".") for fault in FAULTS)


def test_every_fault_names_a_check_that_there_is() -> None:
    known = {*(check.name for check in CHECKS), *PASSIVE_NAMES}
    assert not {fault.caught_by for fault in FAULTS} - known


@every_fault
def test_a_fault_breaks_the_service_for_as_long_as_it_is_in_force(fault: Fault) -> None:
    before = _everything()
    with fault.in_force():
        assert _differences(before, _everything())
    assert not _differences(before, _everything())


def test_what_was_patched_is_undone_even_if_the_fault_itself_fails() -> None:
    before = _everything()
    row = try_fault(_that_fails, thorough=False)
    assert not _differences(before, _everything())
    assert row.trouble == "ZeroDivisionError: half-way"
    assert not row.is_caught


def test_a_thorough_trial_tells_who_else_noticed() -> None:
    (revoked,) = (fault for fault in FAULTS if fault.name == "revoked_keys_work_on")
    row = try_fault(revoked, thorough=True)
    assert {revoked.caught_by, "changed_keys_are_judged_anew_at_once"} < set(row.caught_by)


def test_some_faults_can_be_chosen_by_their_names_groups_and_checks() -> None:
    told: list[tuple[str, int, int]] = []

    def progress(row: FaultResult, done: int, total: int) -> None:
        told.append((row.name, done, total))

    result = run_self_test(progress, ["nobody_is_limited", "each_header_carries_a_key"])
    expected = {f.name for f in FAULTS if f.caught_by == "each_header_carries_a_key"}
    expected |= {"nobody_is_limited"}
    assert {row.name for row in result.rows} == expected == {name for name, _, _ in told}
    assert [(done, total) for _, done, total in told] == [
        (number, len(expected)) for number in range(1, len(expected) + 1)
    ]


@fault(caught_by="no_key_is_refused")
def _that_fails(patch: Patch) -> None:
    """A fault that fails itself."""
    patch.put(judge, "credential_of", None)
    raise ZeroDivisionError("half-way")


def _everything() -> Mapping[str, Any]:
    """Answer all that the service's modules hold, with the members of their classes and tables."""
    return {
        f"{module}.{name}": value
        for module in [name for name in sys.modules if name.partition(".")[0] == "keyfob"]
        for name, value in _members(vars(sys.modules[module]))
    }


def _members(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in namespace.items():
        yield name, value
        if isinstance(value, type) and value.__module__.partition(".")[0] == "keyfob":
            yield from ((f"{name}.{member}", each) for member, each in vars(value).items())
        elif isinstance(value, dict) and not name.startswith("__"):
            yield from ((f"{name}[{key}]", each) for key, each in value.items())


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = before.keys() | after.keys()
    return [name for name in names if before.get(name) is not after.get(name)]
