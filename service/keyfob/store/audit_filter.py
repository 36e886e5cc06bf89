"""Which audit events are asked for, in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peewee import fn

from keyfob.model import Sites
from keyfob.store import tables
from keyfob.store.key_filters import KeyFilter, conditions

ABOUT_A_KEY = "apiKey"

_EVENT = tables.AuditEvent
_KEY = tables.ApiKey
_DELETED = tables.DeletedKey
_DELETED_SITE = tables.DeletedKeySite


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
        yield _is_about_a_key_within(asked.organization_id, asked.within)


def _is_about_a_key_within(organization_id: str, within: Sites) -> Any:
    living = _KEY.select(_KEY.id).where(
        _KEY.id == _EVENT.target_id, *conditions(KeyFilter(organization_id, within))
    )
    beyond = _DELETED_SITE.select(_DELETED_SITE.site_id).where(
        _DELETED_SITE.key_id == _DELETED.key_id,
        _DELETED_SITE.site_id.not_in(sorted(within.ids)),
    )
    deleted = _DELETED.select(_DELETED.key_id).where(
        _DELETED.key_id == _EVENT.target_id,
        _DELETED.organization_id == organization_id,
        ~_DELETED.all_sites,
        ~fn.EXISTS(beyond),
    )
    return fn.EXISTS(living) | fn.EXISTS(deleted)
