"""Runs of the kit in this process, with all that they knew."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from tampering import Send, kit_of_service

from keyfob.spec import load_spec
from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.runner import run_checks
from keyfob_contract.in_process import service_in_process
from keyfob_contract.report.findings import Report, report_of
from keyfob_contract.report.masking import Mask
from keyfob_contract.rules.profile import read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.results import RunResult
from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.target import Target

GROUP = "credentials"
MARK = "kit-test00"


@dataclass(frozen=True)
class Judged:
    """A run, all that it knew, and its report."""

    kit: Kit
    result: RunResult
    mask: Mask
    report: Report


@dataclass(frozen=True)
class Quick:
    """A run of all that is not made up, and how often each value was sent as a key."""

    kit: Kit
    result: RunResult
    sent: Counter[str]


def quick_run() -> Quick:
    """Hold this service, as it is, against the deterministic checks."""
    sent: Counter[str] = Counter()

    def count(send: Send, request: Request) -> Reply:
        sent.update(text.rpartition(" ")[2] for _, text in request.headers)
        return send(request)

    with kit_of_service(count) as kit:
        result = run_checks(kit, [check for check in CHECKS if not check.generated])
    return Quick(kit, result, sent)


def judged(spoil: Callable[[Target], Target] = lambda target: target) -> Judged:
    """Hold this service against the checks of one group, through a target that may spoil it."""
    with service_in_process() as subject:
        contract = Contract(load_spec(), subject.clock, read_profile())
        spoilt = replace(subject, target=spoil(subject.target))
        kit = Kit(spoilt, contract, mark=MARK, keep_all=True)
        result = run_checks(kit, [check for check in CHECKS if check.group == GROUP])
    mask = Mask(kit.vault.names)
    return Judged(kit, result, mask, report_of(result, kit.vault, mask, f"only {GROUP}"))
