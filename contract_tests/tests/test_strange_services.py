"""Whatever a service answers, the kit comes to a verdict, and the answer is the evidence."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tampering import Send, kit_of_service

from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.registry import Check
from keyfob_contract.checks.runner import CouldNotBegin, run_checks
from keyfob_contract.faults.fault import Patch, fault
from keyfob_contract.faults.trial import try_fault
from keyfob_contract.rules.paths import KEYS
from keyfob_contract.run.results import CheckResult, RunResult, Verdict
from keyfob_contract.wire.message import Reply, Request

QUICK = [check for check in CHECKS if not check.generated]


def judged(bend: Callable[[Request, Any], Any], checks: Sequence[Check] = QUICK) -> RunResult:
    """Judge this service, as if its good replies to all that only reads were others."""

    def tamper(send: Send, request: Request) -> Reply:
        reply = send(request)
        if request.method != "GET" or reply.status != 200 or request.path.startswith("/docs"):
            return reply
        return replace(reply, body=json.dumps(bend(request, reply.json)).encode())

    with kit_of_service(tamper) as kit:
        return run_checks(kit, checks)


def broken(result: RunResult) -> dict[str, CheckResult]:
    return {check.name: check for check in result.of(Verdict.BROKEN)}


@pytest.mark.parametrize(("page", "key"), [(None, {}), ({"data": [None]}, [])])
def test_what_is_of_another_form_is_told_by_the_checks_that_meet_it(page: Any, key: Any) -> None:
    def bend(request: Request, body: Any) -> Any:
        if request.path.startswith(f"{KEYS}/key_"):
            return key
        is_a_page = isinstance(body, dict) and "nextCursor" in body
        return page if is_a_page else body

    result = judged(bend)
    assert result.exit_code == 1
    told = broken(result)
    for name in ("counts_agree_with_the_walk", "edits_change_what_they_name"):
        assert all(complaint.evidence for complaint in told[name].complaints)


@pytest.mark.parametrize("strange", [[], None])
def test_a_key_that_cannot_be_understood_from_the_start_is_nothing_to_judge(strange: Any) -> None:
    with pytest.raises(CouldNotBegin, match="does not begin well"):
        judged(lambda _request, _body: strange)


def test_what_an_answer_lacks_is_named_with_the_answer() -> None:
    def without_data(request: Request, body: Any) -> Any:
        return {"counts": {}} if request.path == KEYS else body

    checks = [check for check in CHECKS if check.name == "deletion_is_for_ever"]
    [complaint] = broken(judged(without_data, checks))["deletion_is_for_ever"].complaints
    assert complaint.text.startswith("could not go on: an answer lacks 'data'")
    assert complaint.evidence[-1].request.path == KEYS


@fault(caught_by="deletion_is_for_ever")
def _that_makes_a_check_stumble(patch: Patch) -> None:
    """Lists of keys that hold none."""
    patch.replies(
        lambda _request, reply: replace(reply, body=reply.body.replace(b'"data"', b'"d"'))
    )


def test_a_check_that_only_stumbled_has_not_noticed_a_fault() -> None:
    row = try_fault(_that_makes_a_check_stumble, thorough=False)
    assert not row.is_caught
    assert "an answer lacks 'data'" in row.trouble
