"""What is made up is the same for the same seed, and what it shows is told exactly."""

from dataclasses import replace
from itertools import count

import pytest
from tampering import Send, Tamper, kit_of_service

from keyfob_contract.checks.generated import generated_requests_are_answered_by_the_contract
from keyfob_contract.checks.runner import run_checks
from keyfob_contract.generated.generation import Generator
from keyfob_contract.generated.hints import Hints
from keyfob_contract.run.kit import Effort, Kit
from keyfob_contract.run.results import CheckResult, Verdict
from keyfob_contract.wire.message import Reply, Request

KEYS = "/v1/api-keys"
OPERATIONS = ("listSites", "createSite", "getSite", "getLiveness")


def generator(kit: Kit, seed: int, *operations: str) -> Generator:
    chosen = [o for o in kit.contract.operations if not operations or o.id in operations]
    return Generator(kit.contract, chosen, Hints(kit.contract, kit.resources, ()), seed)


def result(kit: Kit) -> CheckResult:
    return run_checks(kit, [generated_requests_are_answered_by_the_contract]).checks[0]


def result_of(tamper: Tamper, operation: str, cases: int = 60) -> CheckResult:
    with kit_of_service(tamper, Effort(cases=cases), frozenset({operation})) as kit:
        return result(kit)


def as_admin(request: Request, key: str) -> Request:
    others = tuple(h for h in request.headers if h[0] not in {"Authorization", "X-API-Key"})
    return replace(request, headers=(*others, ("Authorization", f"Bearer {key}")))


def test_requests_depend_on_the_seed_alone() -> None:
    with kit_of_service() as kit:
        plans = [generator(kit, seed, "createSite").plan(40) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def test_every_operation_gets_some_of_few_requests() -> None:
    with kit_of_service() as kit:
        plan = generator(kit, 1, *OPERATIONS).plan(60)
    assert plan.keys() == set(OPERATIONS)
    assert all(plan.values())
    assert 60 <= sum(map(len, plan.values())) < 70


def test_without_time_nothing_more_is_made_up() -> None:
    calls = count()
    with kit_of_service() as kit:
        plan = generator(kit, 1, *OPERATIONS).plan(1000, lambda: next(calls) < 2)
    assert len(plan) == 2


def test_every_operation_succeeds_with_what_was_made_up_and_the_run_keeps_its_keys() -> None:
    with kit_of_service(effort=Effort(cases=2000)) as kit:
        before = kit.runner
        check = result(kit)
    assert check.verdict is Verdict.KEPT, check.complaints
    assert not [line for line in kit.summary if line.startswith("never succeeded")]
    assert kit.keyring.ids == frozenset()
    assert before == kit.runner


@pytest.mark.parametrize(
    ("operation", "path_end"), [("deleteApiKey", ""), ("revokeApiKey", "/revoke")]
)
def test_a_refused_request_that_has_an_effect_is_found_among_all_of_them(
    operation: str, path_end: str
) -> None:
    admin: list[str] = []

    def tamper(send: Send, request: Request) -> Reply:
        value = next(iter(request.header_values("Authorization")), "").removeprefix("Bearer ")
        admin.extend([value] if value and not admin else [])
        reply = send(request)
        if reply.status == 401 and request.method in {"DELETE", "POST"}:
            send(as_admin(request, admin[0]))
        return reply

    [complaint] = result_of(tamper, operation).complaints
    [culprit] = complaint.evidence
    assert culprit.status == 401
    assert culprit.request.path.endswith(path_end)
    named = culprit.request.path.removeprefix(f"{KEYS}/").removesuffix(path_end)
    assert f"{KEYS}/{named}" in complaint.text


def test_a_failed_condition_that_changes_something_is_noticed() -> None:
    def tamper(send: Send, request: Request) -> Reply:
        reply = send(request)
        if reply.status == 412:
            send(replace(request, headers=tuple(h for h in request.headers if h[0] != "If-Match")))
        return reply

    complaint, *_ = result_of(tamper, "updateApiKey", cases=400).complaints
    assert "a refused request had an effect" in complaint.text
    assert 412 in {exchange.status for exchange in complaint.evidence}


def test_a_dead_key_that_gets_in_is_told_by_its_kind() -> None:
    dead: set[str] = set()
    alive: dict[str, Reply] = {}

    def tamper(send: Send, request: Request) -> Reply:
        value = "".join(request.header_values("Authorization"))
        if request.path.endswith("/revoke"):
            dead.add(value)
        reply = send(request)
        if request.target == KEYS and reply.status == 200:
            alive[KEYS] = reply
        return alive.get(KEYS, reply) if b"API_KEY_REVOKED" in reply.body else reply

    texts = [complaint.text for complaint in result_of(tamper, "listApiKeys").complaints]
    assert ["revoked credential" in text for text in texts] == [True, True]  # one for each header


def test_a_run_that_ends_early_tells_how_far_it_got() -> None:
    calls = count()

    def left() -> float:
        return 100.0 if next(calls) < 40 else 0.0

    effort = Effort(cases=100, seconds_left=left)
    with kit_of_service(effort=effort, only_operations=frozenset(OPERATIONS)) as kit:
        assert result(kit).verdict is Verdict.KEPT
    assert any(line.startswith("ended after ") for line in kit.summary)
