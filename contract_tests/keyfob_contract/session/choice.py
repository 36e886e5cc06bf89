"""The checks that are asked for."""

import difflib
from collections.abc import Sequence
from importlib.util import find_spec

from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.registry import Check
from keyfob_contract.checks.runner import EVERY_REPLY
from keyfob_contract.report.masking import printable
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.journal import PASSIVE
from keyfob_contract.session.order import CannotJudge, Order

LIBRARIES = ("schemathesis", "hypothesis")

IN_EVERY_REPLY = frozenset({EVERY_REPLY, *(rule.__name__ for rule in PASSIVE)})
"""Names of what is looked at whatever is sent: to ask for one of them is to ask for everything."""


def checks_of(order: Order, contract: Contract) -> Sequence[Check]:
    """Answer the checks that are asked for. Raises CannotJudge."""
    names = frozenset(order.only) - contract.by_id.keys()
    _demand_known(names, contract)
    chosen = [check for check in CHECKS if not (order.quick and check.generated)]
    if names and not names & IN_EVERY_REPLY:
        chosen = [check for check in chosen if names & {check.name, check.group}]
    if not chosen:
        raise CannotJudge("--quick leaves nothing of what --only names.")
    if any(check.generated for check in chosen) and not all(map(_is_installed, LIBRARIES)):
        raise CannotJudge(
            'To generate requests takes more than is installed: pip install "keyfob[contract]".'
            " --quick does without."
        )
    return chosen


def operations_of(order: Order, contract: Contract) -> frozenset[str]:
    """Answer the operations to which checks that walk them keep; none for all."""
    return frozenset(order.only) & contract.by_id.keys()


def _demand_known(names: frozenset[str], contract: Contract) -> None:
    known = {name for check in CHECKS for name in (check.name, check.group)} | IN_EVERY_REPLY
    for name in sorted(names - known):
        close = difflib.get_close_matches(name, [*known, *contract.by_id], n=1)
        hint = f"Did you mean {close[0]}?" if close else "--list shows what there is."
        raise CannotJudge(f"{printable(name)} is no check, no group and no operation. {hint}")


def _is_installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ValueError:  # there is something by this name that was not imported
        return False
