"""Which audit events are asked for, in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from keyfob.model import Sites
from keyfob.store import tables
from keyfob.store.key_filters import is_or_was_within

ABOUT_A_KEY = "apiKey"

_EVENT = tables.AuditEvent


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Whose events are asked for.

    Attributes:
        within: unless it is every site, only events about keys whose last sites lie within these.
        key_id: only events about this key.
        actor_id: only what this actor did.
        since: only what happened at this time or later.
        until: only what happened before this time.
    """

    organization_id: str
    within: Sites
    key_id: str | None = None
    actor_id: str | None = None
    action: str | None = None
    since: int | None = None
    until: int | None = None


def event_conditions(asked: AuditFilter) -> Iterable[Any]:
    """Answer what an event must fulfil, condition by condition; ``until`` is the page's matter."""
    yield _EVENT.organization_id == asked.organization_id
    if asked.key_id is not None:
        yield _EVENT.target_id == asked.key_id
    if asked.actor_id is not None:
        yield _EVENT.actor_id == asked.actor_id
    if asked.action is not None:
        yield _EVENT.action == asked.action
    if asked.since is not None:
        yield _EVENT.at >= asked.since
    if asked.key_id is not None or not asked.within.every:
        yield _EVENT.target_type == ABOUT_A_KEY
    if not asked.within.every:
        yield is_or_was_within(_EVENT.target_id, asked.organization_id, asked.within)
