"""Faults in the audit trail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keyfob.domain import api_keys, audit_changes
from keyfob.domain.audit import AuditTrail
from keyfob.domain.audit_changes import AuditAction, Change
from keyfob.model import EVERY_SITE, Actor
from keyfob.store import audit_filter, tables
from keyfob.store.audit import AuditRows
from keyfob_contract.faults.fault import Patch, Right, fault


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
def worse_reasons_are_not_audited(patch: Patch) -> None:
    """That a revoked key turned out to be compromised leaves no event."""

    @patch(AuditTrail, "_append")
    def append(right: Right, self: Any, actor: Actor, change: Change, **how: Any) -> None:
        if not (change.before or {}).get("revokedReason") or "name" in (change.before or {}):
            right(self, actor, change, **how)


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


@fault(caught_by="the_trail_agrees_with_its_filters")
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


@fault(caught_by="changes_are_audited")
def edits_tell_what_they_left_alone(patch: Patch) -> None:
    """The event of an edit tells the name, too, which is what it was."""

    @patch(api_keys, "key_changed")
    def key_changed(right: Right, action: Any, before: Any, after: Any) -> Change:
        change = right(action, before, after)
        told = ({"name": key.name} for key in (before, after))
        sides = [
            facts | side for facts, side in zip(told, (change.before, change.after), strict=True)
        ]
        return replace(change, before=sides[0], after=sides[1])


@fault(caught_by="changes_are_audited")
def edits_of_the_limit_are_not_audited(patch: Patch) -> None:
    """The event of an edit does not tell of the rate limit."""

    @patch(audit_changes, "_facts_of")
    def facts_of(right: Right, key: Any) -> Any:
        return {**right(key), "rateLimit": {"requests": 600, "windowSeconds": 60}}


@fault(caught_by="the_trail_agrees_with_its_filters")
def the_actor_is_not_looked_at(patch: Patch) -> None:
    """The filter of events by actor leaves everything as it is."""
    _asked(patch, actor_id=lambda _actor_id: None)


@fault(caught_by="the_trail_agrees_with_its_filters")
def until_is_included(patch: Patch) -> None:
    """The filter of events until a time leaves those of just that time."""
    _asked(patch, until=lambda until: until + 1)


@fault(caught_by="the_trail_agrees_with_its_filters")
def since_is_left_out(patch: Patch) -> None:
    """The filter of events since a time leaves those of just that time out."""
    _asked(patch, since=lambda since: since + 1)


@fault(caught_by="a_site_sees_what_became_of_its_keys")
def sites_forget_their_deleted_keys(patch: Patch) -> None:
    """A site-limited key does not see what became of a key that is deleted."""

    @patch(audit_filter, "is_or_was_within")
    def is_or_was_within(_right: Right, column: Any, _organization: str, _within: Any) -> Any:
        return column.in_(tables.ApiKey.select(tables.ApiKey.id))


@fault(caught_by="a_site_sees_what_became_of_its_keys")
def sites_see_the_events_of_others(patch: Patch) -> None:
    """A site-limited key sees the events of every key of its organisation."""
    _asked(patch, within=lambda _within: EVERY_SITE)


def _leave_out(patch: Patch, action: AuditAction) -> None:
    @patch(AuditTrail, "_append")
    def append(right: Right, self: Any, actor: Actor, change: Change, **how: Any) -> None:
        if change.action is not action:
            right(self, actor, change, **how)


def _asked(patch: Patch, **changed: Callable[[Any], Any]) -> None:
    @patch(AuditRows, "page")
    def page(right: Right, self: Any, asked: Any, *where: Any) -> Any:
        given = {name: getattr(asked, name) for name in changed}
        new = {name: changed[name](value) for name, value in given.items() if value is not None}
        return right(self, replace(asked, **new), *where)
