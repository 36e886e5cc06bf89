"""Faults in what a key may do."""

import threading
from typing import Any

from keyfob.errors import ScopeInsufficient
from keyfob.gate import judge
from keyfob.gate.operation import Operation
from keyfob.model import Actor, Scope, scope_words
from keyfob_contract.faults.fault import Patch, Right, fault


@fault(caught_by="each_operation_demands_its_scope")
def one_operation_asks_for_no_scope(patch: Patch) -> None:
    """rotateApiKey works with whatever scope a key has."""

    @patch(judge, "_demand_scope")
    def demand_scope(right: Right, actor: Actor, operation: Operation) -> None:
        if operation.id != "rotateApiKey":
            right(actor, operation)


@fault(caught_by="each_operation_demands_its_scope")
def writing_includes_reading(patch: Patch) -> None:
    """keys:write lets a key read keys as well, which nobody granted."""

    @patch(judge, "_demand_scope")
    def demand_scope(right: Right, actor: Actor, operation: Operation) -> None:
        if operation.required_scope is not Scope.KEYS_READ or Scope.KEYS_WRITE not in actor.scopes:
            right(actor, operation)


@fault(caught_by="each_operation_demands_its_scope")
def reading_is_enough_to_write(patch: Patch) -> None:
    """What asks for sites:write is content with any scope on sites."""

    @patch(judge, "_demand_scope")
    def demand_scope(right: Right, actor: Actor, operation: Operation) -> None:
        if (
            operation.required_scope is not Scope.SITES_WRITE
            or Scope.SITES_READ not in actor.scopes
        ):
            right(actor, operation)


@fault(caught_by="each_operation_demands_its_scope")
def scopes_are_refused_to_those_who_hold_them(patch: Patch) -> None:
    """listAuditEvents wants keys:read besides audit:read."""

    @patch(judge, "_demand_scope")
    def demand_scope(right: Right, actor: Actor, operation: Operation) -> None:
        right(actor, operation)
        if operation.id == "listAuditEvents" and Scope.KEYS_READ not in actor.scopes:
            raise ScopeInsufficient(required=scope_words(Scope.AUDIT_READ)[0])


@fault(caught_by="each_operation_demands_its_scope")
def input_is_judged_before_the_scope(patch: Patch) -> None:
    """A bad request is 400 to whoever lacks the scope, who so learns what others may send."""
    asking = threading.local()

    @patch(judge, "_demand_scope")
    def demand_scope(right: Right, *asked: Any) -> None:
        asking.demand = lambda: right(*asked)

    @patch(Operation, "arguments")
    def arguments(right: Right, self: Any, *said: Any) -> Any:
        found = right(self, *said)
        if self.needs_key:
            asking.demand()
        return found


@fault(caught_by="each_operation_demands_its_scope")
def the_missing_scope_is_not_named(patch: Patch) -> None:
    """A key that lacks a scope is not told which one."""

    @patch(judge, "_demand_scope")
    def demand_scope(right: Right, actor: Actor, operation: Operation) -> None:
        try:
            right(actor, operation)
        except ScopeInsufficient:
            raise ScopeInsufficient from None
