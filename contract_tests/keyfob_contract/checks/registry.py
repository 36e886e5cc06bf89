"""What a check is: a named function that guards one sentence of the contract."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.run.kit import Kit

CheckFunction = Callable[[Kit], Iterator[Complaint]]


class NotChecked(Exception):
    """There is no telling; the message says why."""


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes:
        sentence: of the contract: the docstring of the function.
        operations: operationIds without which there is nothing to check.
        other: whether it takes the key of another organisation.
        generated: whether it tries what is made up, which takes long, and not what was laid down.
        prepare: does what takes time to show, before the first check is made; what it answers is
            there for the check in ``kit.prepared``.
    """

    name: str
    group: str
    sentence: str
    function: CheckFunction
    operations: frozenset[str] = frozenset()
    other: bool = False
    generated: bool = False
    prepare: Callable[[Kit], Any] | None = None

    def demand_possible(self, kit: Kit) -> None:
        """Raises NotChecked if there is nothing to check."""
        if missing := sorted(self.operations - kit.contract.by_id.keys()):
            raise NotChecked(f"the contract has no {', '.join(missing)}")
        if self.other and kit.other is None:
            raise NotChecked("it takes the key of another organisation: --other-admin-key")

    def run(self, kit: Kit) -> Iterator[Complaint]:
        """Answer what is wrong. Raises NotChecked."""
        self.demand_possible(kit)
        return self.function(kit)


def check(
    *operations: str,
    other: bool = False,
    generated: bool = False,
    prepare: Callable[[Kit], Any] | None = None,
) -> Callable[[CheckFunction], Check]:
    """Make a check of a function; its name and its docstring are the check's."""

    def made(function: CheckFunction) -> Check:
        return Check(
            name=function.__name__,
            group=function.__module__.rpartition(".")[2],
            sentence=inspect.getdoc(function) or "",
            function=function,
            operations=frozenset(operations),
            other=other,
            generated=generated,
            prepare=prepare,
        )

    return made
