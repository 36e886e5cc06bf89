"""The model notices what no single request shows, and tells the shortest story of it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from tampering import Send, Tamper, kit_of_service

from keyfob_contract.checks.model import keys_live_and_die_by_the_state_table
from keyfob_contract.checks.runner import run_checks
from keyfob_contract.run.kit import Effort
from keyfob_contract.run.results import CheckResult, RunResult, Verdict
from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.target import Unreachable

CURRENT = "/v1/api-keys/current"
EFFORT = Effort(lives=8, steps=15)


def run(tamper: Tamper) -> RunResult:
    with kit_of_service(tamper, EFFORT) as kit:
        return run_checks(kit, [keys_live_and_die_by_the_state_table])


def judged(tamper: Tamper) -> CheckResult:
    return run(tamper).checks[0]


def deeds(check: CheckResult) -> Sequence[str]:
    [complaint] = check.complaints
    return [
        f"{exchange.request.method} {exchange.request.path.rpartition('/')[2]} {exchange.status}"
        for exchange in complaint.evidence
    ]


class StaleCache:
    """Accepts a dead value once more, if it has seen it alive."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, ...], Reply] = {}

    def __call__(self, send: Send, request: Request) -> Reply:
        reply = send(request)
        value = tuple(request.header_values("Authorization"))
        if request.path == CURRENT and reply.status == 200:
            self._seen[value] = reply
        elif request.path == CURRENT and reply.status == 401 and value in self._seen:
            return self._seen.pop(value)
        return reply


class Unlucky:
    """Answers one request other than all that are like it."""

    def __init__(self, number: int) -> None:
        self._left = count(number, -1)

    def __call__(self, send: Send, request: Request) -> Reply:
        reply = send(request)
        if request.path == CURRENT and next(self._left) == 0:
            return replace(reply, status=503)
        return reply


def test_the_shortest_story_that_shows_a_stale_cache_is_told() -> None:
    check = judged(StaleCache())
    made, before, killed, after = deeds(check)
    assert (made, before, after) == ("POST api-keys 201", "GET current 200", "GET current 200")
    assert killed in {"POST rotate 200", "POST revoke 200"}
    assert "the state table says 401" in check.complaints[0].text


def test_a_lost_detail_is_told_with_what_it_should_be() -> None:
    def tamper(send: Send, request: Request) -> Reply:
        if b'"reason"' in request.body:
            request = request.with_json({"reason": "other"})
        return send(request)

    check = judged(tamper)
    assert deeds(check) == ["POST api-keys 201", "POST revoke 200"]
    assert "revokedReason is other, and should be" in check.complaints[0].text


def test_what_happens_once_only_is_told_as_such() -> None:
    check = judged(Unlucky(60))
    assert "it did not happen again" in check.complaints[0].text
    assert deeds(check)[-1] == "GET current 503"


def test_a_server_that_falls_silent_is_no_broken_contract() -> None:
    requests = iter(range(150))

    def tamper(send: Send, request: Request) -> Reply:
        if next(requests, None) is None:
            raise Unreachable("it does not answer")
        return send(request)

    result = run(tamper)
    assert (result.checks[0].verdict, result.exit_code) == (Verdict.NOT_CHECKED, 2)


def test_time_that_is_up_ends_the_stories() -> None:
    effort = Effort(lives=1000, seconds_left=lambda: 0.5)
    with kit_of_service(effort=effort) as kit:
        result = run_checks(kit, [keys_live_and_die_by_the_state_table])
    assert result.checks[0].verdict is Verdict.KEPT
    assert result.summary[-1].endswith("then time was up")
