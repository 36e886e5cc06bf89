"""Audit events in words for people."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from keyfob.dashboard.door import actor, keyfob
from keyfob.dashboard.wording import moment
from keyfob.domain.audit import AuditQuestion
from keyfob.domain.audit_changes import AuditAction
from keyfob.model import ActorRef, ActorType
from keyfob.timestamps import parse_timestamp

TITLES = {
    AuditAction.API_KEY_CREATED: "Created",
    AuditAction.API_KEY_UPDATED: "Edited",
    AuditAction.API_KEY_ROTATED: "Rotated",
    AuditAction.API_KEY_REVOKED: "Revoked",
    AuditAction.API_KEY_REACTIVATED: "Reactivated",
    AuditAction.API_KEY_DELETED: "Deleted",
    AuditAction.ESCALATION_REFUSED: "Refused to grant more than was held",
}
MEMBERS = {
    "name": "Name",
    "description": "Description",
    "scopes": "Scopes",
    "siteIds": "Sites",
    "rateLimit": "Rate limit",
    "hint": "Value",
    "secretVersion": "Version of the value",
    "expiresAt": "Expiry",
    "revokedAt": "Revoked",
    "revokedReason": "Reason",
    "operation": "Operation",
    "refused": "Refused",
}


class Difference(NamedTuple):
    """A member, as it was and as it is; None where there was nothing."""

    label: str
    before: str | None
    after: str | None


class ToldEvent(NamedTuple):
    """An event for people."""

    at: int
    title: str
    who: str
    request_id: str | None
    differences: Sequence[Difference]


class EventPage(NamedTuple):
    """Some events, and where the older ones begin."""

    events: Sequence[ToldEvent]
    older: str | None


def events_of_key(
    key_id: str,
    who: Callable[[ActorRef], str],
    site_names: dict[str, str],
    *,
    limit: int,
    cursor: str | None = None,
    action: AuditAction | None = None,
) -> EventPage:
    """Answer what was done to a key, newest first."""
    question = AuditQuestion(key_id=key_id, action=action)
    page = keyfob().audit.list(actor(), question, limit=limit, cursor=cursor)
    told = [
        ToldEvent(
            event.at,
            TITLES.get(AuditAction(event.action), event.action),
            who(ActorRef(ActorType(event.actor_type), event.actor_id)),
            event.request_id,
            list(_differences(event.before, event.after, site_names)),
        )
        for event in page.items
    ]
    return EventPage(told, page.next_cursor)


def _differences(
    before: str | None, after: str | None, site_names: dict[str, str]
) -> Iterator[Difference]:
    old, new = _facts(before), _facts(after)
    for name in {**old, **new}:
        label, was, becomes = MEMBERS.get(name, name), old.get(name), new.get(name)
        if isinstance(was, list) and isinstance(becomes, list):
            yield from _set_differences(label, _named(was, site_names), _named(becomes, site_names))
        elif was is not None or becomes is not None:
            yield Difference(
                label, _spelt(name, was, site_names), _spelt(name, becomes, site_names)
            )


def _set_differences(label: str, was: list[str], becomes: list[str]) -> Iterator[Difference]:
    if added := [each for each in becomes if each not in was]:
        yield Difference(f"{label} added", None, ", ".join(added))
    if removed := [each for each in was if each not in becomes]:
        yield Difference(f"{label} taken away", None, ", ".join(removed))


def _facts(text: str | None) -> dict[str, Any]:
    return {} if text is None else json.loads(text)


def _named(items: list[Any], site_names: dict[str, str]) -> list[str]:
    return ["all sites" if each == "*" else site_names.get(each, str(each)) for each in items]


def _spelt(name: str, fact: Any, site_names: dict[str, str]) -> str | None:
    if fact is None:
        return None
    match name, fact:
        case "rateLimit", {"requests": requests, "windowSeconds": seconds}:
            return f"{requests:,} requests in {seconds:,} s"
        case (("expiresAt" | "revokedAt"), str(text)):
            return moment(parse_timestamp(text))
        case _, dict(members):
            return "; ".join(f"{key}: {value}" for key, value in members.items())
        case _:
            return ", ".join(_named(fact, site_names)) if isinstance(fact, list) else str(fact)
