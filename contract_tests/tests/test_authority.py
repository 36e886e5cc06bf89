"""The keys that were given are used sparingly, and others may use them up meanwhile."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from runs import MARK, Quick

from keyfob.spec import load_spec
from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.runner import CouldNotBegin, run_checks
from keyfob_contract.in_process import service_in_process
from keyfob_contract.rules.paths import CURRENT, KEYS
from keyfob_contract.rules.profile import read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.kit import Effort, Kit

ONE = [check for check in CHECKS if check.name == "no_key_is_refused"]
TO_BEGIN = 2
"""Requests with the given key before the first check."""


def test_a_run_asks_little_with_the_keys_that_were_given(quick: Quick) -> None:
    assert quick.result.exit_code == 0
    assert quick.sent[quick.kit.subject.admin_key] <= 20
    assert quick.sent[str(quick.kit.subject.other_admin_key)] <= 20


@dataclass
class Meagre:
    """A run whose admin key may ask only so often, and what it told on its way."""

    kit: Kit
    told: list[str] = field(default_factory=list[str])


@contextmanager
def meagre(
    requests: int, window_seconds: int, seconds_left: float | None = None
) -> Generator[Meagre]:
    limit = {"requests": requests, "windowSeconds": window_seconds}
    with service_in_process() as subject:
        contract = Contract(load_spec(), subject.clock, read_profile())
        rich = Kit(subject, contract, mark="another")
        key = rich.admin.must(201, "POST", KEYS, rich.keyring.body("meagre", rateLimit=limit))[
            "key"
        ]
        told: list[str] = []
        effort = Effort(seconds_left=lambda: seconds_left)
        poor = replace(subject, admin_key=key)
        yield Meagre(Kit(poor, contract, mark=MARK, effort=effort, notice=told.append), told)


def test_a_limit_that_is_used_up_is_waited_for_with_a_notice() -> None:
    with meagre(TO_BEGIN + 1, window_seconds=60) as run:
        for _ in range(TO_BEGIN):
            run.kit.admin("GET", CURRENT)
        started = run.kit.clock()
        assert run_checks(run.kit, ONE).exit_code == 0
        assert run.kit.clock() - started >= 59_000
    assert run.told[0] == (
        "The limit of the admin key is used up: waiting 60 s for the next window. A higher"
        " rateLimit of that key spares you that."
    )


@pytest.mark.parametrize(("window", "left"), [(3600, None), (60, 30.0)], ids=["long", "budget"])
def test_a_limit_that_would_take_too_long_is_told_with_what_to_do(
    window: int, left: float | None
) -> None:
    with meagre(1, window, left) as run:
        run.kit.admin("GET", CURRENT)
        with pytest.raises(CouldNotBegin, match="raise its rateLimit"):
            run_checks(run.kit, ONE)
    assert not run.told


def test_what_cannot_be_removed_for_that_is_named() -> None:
    with meagre(TO_BEGIN, window_seconds=3600) as run:
        result = run_checks(run.kit, ONE)
    assert result.exit_code == 0
    [left] = result.leftovers
    assert left.startswith(f"all that is named {MARK}, for the limit of the admin key is used up")


def test_another_organisations_key_without_power_is_told_as_such() -> None:
    with service_in_process() as subject:
        weak = replace(subject, other_admin_key="kfb_no")
        kit = Kit(weak, Contract(load_spec(), subject.clock, read_profile()), mark=MARK)
        with pytest.raises(CouldNotBegin, match="The other organisation's key cannot make keys"):
            run_checks(kit, ONE)
        assert kit.admin.must(200, "GET", KEYS, q=MARK)["data"] == []
