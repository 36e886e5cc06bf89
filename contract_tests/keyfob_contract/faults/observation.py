"""Faults in what people can see of what keys did."""

from dataclasses import replace
from typing import Any

from keyfob.domain import api_keys, audit_changes
from keyfob.domain.audit import AuditTrail
from keyfob.domain.audit_changes import AuditAction, Change
from keyfob.errors import ApiKeyRevoked, ApiKeyRotated
from keyfob.gate import accounting, asgi
from keyfob.gate.judge import Judge
from keyfob.model import Actor
from keyfob.store.audit import AuditRows
from keyfob.store.usage import UsageRows
from keyfob.usage import Recorder, UsageRecord
from keyfob.usage.key_use import KeyUse
from keyfob_contract.faults.fault import Patch, Right, fault

DEAD = frozenset({ApiKeyRevoked.code, ApiKeyRotated.code})


@fault(caught_by="usage_is_counted")
def refusals_are_not_counted(patch: Patch) -> None:
    """Usage does not count requests that were refused."""

    @patch(KeyUse, "add")
    def add(right: Right, self: Any, record: UsageRecord, scope_of: Any) -> None:
        if record.status < 400:
            right(self, record, scope_of)


@fault(caught_by="usage_is_counted")
def uses_are_counted_twice(patch: Patch) -> None:
    """Usage counts every request twice."""

    @patch(UsageRows, "count")
    def count(right: Right, self: Any, key_id: str, kind: Any, requests: int) -> None:
        right(self, key_id, kind, 2 * requests)


@fault(caught_by="usage_is_counted")
def nobody_knows_when_a_key_was_used(patch: Patch) -> None:
    """lastUsedAt stays null."""
    patch.put(UsageRows, "touch", lambda _self, _key_id, _at: None)


@fault(caught_by="usage_is_counted")
def all_uses_are_of_one_operation(patch: Patch) -> None:
    """Usage counts every request as listApiKeys."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        right(self, record._replace(operation="listApiKeys"))


@fault(caught_by="usage_is_counted")
def usage_knows_no_time(patch: Patch) -> None:
    """getApiKeyUsage counts the uses of all times, whatever since and until say."""

    @patch(UsageRows, "counters")
    def counters(right: Right, self: Any, key_id: str, _since: int, until: int) -> Any:
        return right(self, key_id, 0, 2 * until)


@fault(caught_by="refused_uses_of_dead_values_are_seen")
def uses_of_dead_values_go_unnoticed(patch: Patch) -> None:
    """Requests with a replaced or revoked value leave nothing behind."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        if record.code not in DEAD:
            right(self, record)


@fault(caught_by="refused_uses_of_dead_values_are_seen")
def all_uses_are_of_the_latest_value(patch: Patch) -> None:
    """The latest requests tell the version of the value in force, whichever was sent."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        rotated = record.code == ApiKeyRotated.code
        version = (record.secret_version or 0) + 1 if rotated else record.secret_version
        right(self, record._replace(secret_version=version))


@fault(caught_by="requests_can_be_traced")
def what_was_not_found_cannot_be_traced(patch: Patch) -> None:
    """Nobody finds out whose key came with a request for a path that does not exist."""
    patch.put(Judge, "attribute", lambda _self, _case: None)


@fault(caught_by="requests_can_be_traced")
def wrong_methods_cannot_be_traced(patch: Patch) -> None:
    """Nobody finds out what became of a request with a method that its path does not have."""
    _untraced(patch, "METHOD_NOT_ALLOWED")


@fault(caught_by="requests_can_be_traced")
def long_bodies_cannot_be_traced(patch: Patch) -> None:
    """Nobody finds out what became of a request that was too long."""
    _untraced(patch, "PAYLOAD_TOO_LARGE")


@fault(caught_by="requests_can_be_traced")
def traces_tell_no_code(patch: Patch) -> None:
    """The trace of a refused request tells OK."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        right(self, record._replace(code="OK"))


@fault(caught_by="requests_can_be_traced")
def clients_name_their_address(patch: Patch) -> None:
    """Traces tell the address that a client put into X-Forwarded-For itself."""

    @patch(asgi, "client_address")
    def client_address(right: Right, peer: str, headers: Any, trusted: int) -> str:
        named = [value for name, value in headers if name == b"x-forwarded-for"]
        return named[0].decode("latin-1") if named else right(peer, headers, trusted)


@fault(caught_by="values_stay_secret")
def traces_show_values_in_paths(patch: Patch) -> None:
    """The trace of a request shows the path as it was sent, with a key that somebody put there."""
    patch.put(accounting, "masked", lambda text: text)


@fault(caught_by="changes_are_audited")
def rotations_are_not_audited(patch: Patch) -> None:
    """A rotation leaves no event."""
    _leave_out(patch, AuditAction.API_KEY_ROTATED)


@fault(caught_by="changes_are_audited")
def new_sites_are_not_audited(patch: Patch) -> None:
    """The creation of a site leaves no event."""
    _leave_out(patch, AuditAction.SITE_CREATED)


@fault(caught_by="changes_are_audited")
def refused_escalations_are_not_audited(patch: Patch) -> None:
    """An attempt to grant more than one holds leaves no event."""
    _leave_out(patch, AuditAction.ESCALATION_REFUSED)


@fault(caught_by="changes_are_audited")
def events_name_no_request(patch: Patch) -> None:
    """An event does not tell in which request it happened."""

    @patch(AuditTrail, "_append")
    def append(right: Right, self: Any, actor: Actor, change: Change, **how: Any) -> None:
        right(self, replace(actor, request_id=None), change, **how)


@fault(caught_by="changes_are_audited")
def events_name_the_key_that_was_changed(patch: Patch) -> None:
    """An event names the key that was changed for the one that changed it."""

    @patch(AuditTrail, "_append")
    def append(right: Right, self: Any, actor: Actor, change: Change, **how: Any) -> None:
        changed = replace(actor.ref, id=change.target_id)
        right(self, replace(actor, ref=changed), change, **how)


@fault(caught_by="changes_are_audited")
def before_and_after_are_confused(patch: Patch) -> None:
    """An event tells what a key became as what it was."""

    @patch(AuditTrail, "_append")
    def append(right: Right, self: Any, actor: Actor, change: Change, **how: Any) -> None:
        swapped = replace(change, before=change.after, after=change.before)
        right(self, actor, swapped, **how)


@fault(caught_by="changes_are_audited")
def the_action_is_not_looked_at(patch: Patch) -> None:
    """The filter of events by action leaves everything as it is."""

    @patch(AuditRows, "page")
    def page(right: Right, self: Any, asked: Any, *where: Any) -> Any:
        return right(self, replace(asked, action=None), *where)


@fault(caught_by="audit_tells_no_secret")
def events_hold_half_of_the_value(patch: Patch) -> None:
    """The hint in an event is the first half of the value."""
    values: dict[str, str] = {}

    @patch(api_keys, "hint")
    def hint(right: Right, value: str) -> str:
        values[right(value)] = value
        return right(value)

    @patch(audit_changes, "_facts_of")
    def facts_of(right: Right, key: Any) -> Any:
        facts = right(key)
        return {**facts, "hint": str(values.get(facts["hint"]))[:20]}


@fault(caught_by="audit_tells_no_secret")
def events_hold_digests(patch: Patch) -> None:
    """An event holds the digest that is stored of the value."""

    @patch(audit_changes, "_facts_of")
    def facts_of(right: Right, key: Any) -> Any:
        return {**right(key), "digest": "9f86d081884c7d65" * 4}


def _untraced(patch: Patch, code: str) -> None:
    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        if record.code != code:
            right(self, record)


def _leave_out(patch: Patch, action: AuditAction) -> None:
    @patch(AuditTrail, "_append")
    def append(right: Right, self: Any, actor: Actor, change: Change, **how: Any) -> None:
        if change.action is not action:
            right(self, actor, change, **how)
