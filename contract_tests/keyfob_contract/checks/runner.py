"""Runs checks one after another and says what came of each."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from keyfob_contract.checks.registry import Check, NotChecked
from keyfob_contract.rules.conformance import unpromised
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.run.api import Unexpected
from keyfob_contract.run.authority import Exhausted
from keyfob_contract.run.journal import PASSIVE
from keyfob_contract.run.keyring import NotPossible
from keyfob_contract.run.kit import Kit, OutOfTime
from keyfob_contract.run.matrix import Matrix
from keyfob_contract.run.results import CheckResult, RunResult, Verdict
from keyfob_contract.run.stumbling import STUMBLES, spelt_stumble
from keyfob_contract.run.vault import State
from keyfob_contract.wire.target import Unreachable

MOST_COMPLAINTS = 10
LARGEST_SHARE_OF_401 = 0.2
INTERRUPTED = "it was interrupted"
EVERY_REPLY = "every_reply"
"""The group of what the journal looks at in every exchange."""


@dataclass(frozen=True)
class Step:
    """How far a run is.

    Attributes:
        number: how many checks have ended.
        result: of the check that has just ended; None as one begins.
    """

    number: int
    total: int
    check: Check
    result: CheckResult | None = None


Progress = Callable[[Step], None]


class CouldNotBegin(Exception):
    """There is nothing to judge; the message says why."""


def run_checks(
    kit: Kit, checks: Sequence[Check], progress: Progress = lambda _step: None
) -> RunResult:
    """Run checks and clean up, whatever happens meanwhile.

    Once the checks have begun, an interruption or a silent implementation cuts the run short: what
    is known by then is answered, and a doubt says so.

    Raises:
        CouldNotBegin: the key that was given opens nothing, or makes no keys.
        Unreachable: the implementation does not answer.
    """
    started, began = time.perf_counter(), datetime.now(UTC)
    try:
        _begin(kit, checks)
        total = len(checks)
        results = [
            _run_one(kit, check, number, total, progress) for number, check in enumerate(checks)
        ]
        doubts = list(_doubts(kit, checks, results))
        impossible = kit.dead.impossible() if doubts == [] else {}
    finally:
        leftovers = _clean_up(kit)
    operations = kit.operations(needing_a_key=False)
    return RunResult(
        subject=kit.subject.name,
        contract=str(kit.contract.document.spec.get("info", {}).get("title", "")),
        seed=kit.effort.seed,
        started_at=began.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - started,
        checks=[*results, *_passive(kit)],
        matrix=Matrix(operations, kit.profile, kit.journal.cells, impossible),
        exchanges=kit.journal.total,
        doubts=doubts,
        leftovers=leftovers,
        summary=kit.summary,
        recorded=kit.journal.exchanges,
        mark=kit.mark,
        interrupted=kit.cut_short == INTERRUPTED,
    )


def _begin(kit: Kit, checks: Sequence[Check]) -> None:
    try:
        _engage("The admin key", lambda: kit.runner)
        _engage("The other organisation's key", lambda: kit.other)
        kit.dead.prepare()
        _prepare(kit, checks)
    except NotPossible as reason:
        raise CouldNotBegin(f"The contract is short of something: {reason}.") from reason
    except Exhausted as reason:
        raise CouldNotBegin(f"There is no way to begin: {reason}.") from reason
    except Unexpected as refusal:
        raise CouldNotBegin(f"The keys that it takes cannot be made: {refusal}.") from refusal
    except STUMBLES as error:
        raise CouldNotBegin(
            f"It does not begin well: {spelt_stumble(error)}. Is the URL that of this API?"
        ) from error
    except KeyboardInterrupt:
        kit.cut_short = INTERRUPTED


def _engage(name: str, engage: Callable[[], object]) -> None:
    try:
        engage()
    except Unexpected as refusal:
        raise CouldNotBegin(
            f"{name} cannot make keys: {refusal}. It has to be live and to hold every scope on"
            " every site."
        ) from refusal


def _prepare(kit: Kit, checks: Sequence[Check]) -> None:
    for check in checks:
        # What cannot be prepared, or is refused, the check itself will meet again, and tell.
        with suppress(NotChecked, Unexpected, *STUMBLES):
            check.demand_possible(kit)
            if check.prepare is not None:
                kit.prepared[check.name] = check.prepare(kit)


def _clean_up(kit: Kit) -> list[str]:
    try:
        return kit.clean_up()
    except (Unreachable, Exhausted) as error:
        return [f"all that is named {kit.mark}, for {error}"]


def _run_one(kit: Kit, check: Check, number: int, total: int, progress: Progress) -> CheckResult:
    progress(Step(number, total, check))
    started, before = time.perf_counter(), kit.journal.total
    complaints: list[Complaint] = []
    reason = stumble = ""
    try:
        kit.demand_time()
        check.demand_possible(kit)
        if check.prepare is not None and check.name not in kit.prepared:
            kit.prepared[check.name] = check.prepare(kit)
        complaints.extend(islice(check.run(kit), MOST_COMPLAINTS))
    except (NotChecked, NotPossible, OutOfTime) as unknown:
        reason = str(unknown)
    except Unexpected as refusal:
        complaints.append(refusal.exchange.complaint(f"could not go on: {refusal}"))
    except STUMBLES as error:
        stumble = f"could not go on: {spelt_stumble(error)}"
        complaints.append(Complaint(stumble, tuple(filter(None, [kit.journal.last]))))
    except KeyboardInterrupt:
        kit.cut_short = reason = INTERRUPTED
    except (Unreachable, Exhausted) as error:
        kit.cut_short = reason = str(error)
    verdict = Verdict.NOT_CHECKED if reason else Verdict.KEPT
    result = CheckResult(
        name=check.name,
        group=check.group,
        sentence=check.sentence,
        verdict=Verdict.BROKEN if complaints else verdict,
        complaints=complaints,
        reason=reason,
        stumble=stumble,
        seconds=time.perf_counter() - started,
        exchanges=kit.journal.total - before,
    )
    progress(Step(number + 1, total, check, result))
    return result


def _passive(kit: Kit) -> Iterator[CheckResult]:
    for rule in PASSIVE:
        complaints = kit.journal.complaints(rule.__name__)
        reason = unpromised(rule.__name__, kit.contract)
        verdict = Verdict.NOT_CHECKED if reason else Verdict.KEPT
        yield CheckResult(
            name=rule.__name__,
            group=EVERY_REPLY,
            sentence=(rule.__doc__ or "").strip(),
            verdict=Verdict.BROKEN if complaints else verdict,
            reason=reason,
            complaints=complaints,
            exchanges=kit.journal.total,
        )


def _doubts(kit: Kit, checks: Sequence[Check], results: Sequence[CheckResult]) -> Iterator[str]:
    """Say what would make a green run prove nothing."""
    if kit.cut_short:
        yield f"the run was cut short: {kit.cut_short}"
        return
    prove = kit.contract.by_id.get(kit.profile.keys.prove or "")
    if prove is not None and kit.live(prove.method, prove.path).status != prove.success:
        yield "the run's own key was damaged meanwhile"
    if results and all(result.verdict is Verdict.NOT_CHECKED for result in results):
        yield "no check could be made"
    if not any(check.group == "scopes" for check in checks):
        return  # somebody asked for a part of the checks only
    cells = kit.journal.cells
    for operation in kit.operations(needing_a_key=False):
        if not any(o == operation.id and 200 <= s < 300 for o, s, _ in cells):
            yield f"{operation.id} never succeeded, so that nothing is known of its successes"
    live = sum(n for (_, _, state), n in cells.items() if state == State.LIVE)
    refused = sum(n for (_, s, state), n in cells.items() if state == State.LIVE and s == 401)
    if refused > LARGEST_SHARE_OF_401 * live:
        yield f"{refused} of {live} requests with a live key were answered 401"
