"""Which keys are asked for, in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peewee import fn

from keyfob.model import KeyStatus, Sites
from keyfob.store import tables
from keyfob.store.folding import folded

_KEY = tables.ApiKey
_SITE = tables.ApiKeySite
_DELETED = tables.DeletedKey
_DELETED_SITE = tables.DeletedKeySite


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Whose keys are asked for.

    Attributes:
        within: only keys whose sites lie within these.
        site_id: only keys that cover this site.
        name_contains: taken literally, in any case.
    """

    organization_id: str
    within: Sites
    site_id: str | None = None
    name_contains: str | None = None


def conditions(asked: KeyFilter) -> Iterable[Any]:
    """Answer what a key must fulfil, condition by condition."""
    yield _KEY.organization_id == asked.organization_id
    if not asked.within.every:
        beyond = _SITE.select().where(
            _SITE.key_id == _KEY.id, _SITE.site_id.not_in(sorted(asked.within.ids))
        )
        yield ~_KEY.all_sites & ~fn.EXISTS(beyond)
    if asked.site_id is not None:
        covers = _SITE.select().where(_SITE.key_id == _KEY.id, _SITE.site_id == asked.site_id)
        yield _KEY.all_sites | fn.EXISTS(covers)
    if asked.name_contains is not None:
        yield _KEY.name_folded.contains(folded(asked.name_contains))


def is_or_was_within(key_id: Any, organization_id: str, within: Sites) -> Any:
    """Say in SQL that a key lies within these sites, or did when it was deleted.

    Args:
        key_id: the expression for its id.
        within: not every site, for then there is nothing to ask.
    """
    living = _KEY.select(_KEY.id).where(
        _KEY.id == key_id, *conditions(KeyFilter(organization_id, within))
    )
    beyond = _DELETED_SITE.select(_DELETED_SITE.site_id).where(
        _DELETED_SITE.key_id == _DELETED.key_id,
        _DELETED_SITE.site_id.not_in(sorted(within.ids)),
    )
    deleted = _DELETED.select(_DELETED.key_id).where(
        _DELETED.key_id == key_id,
        _DELETED.organization_id == organization_id,
        ~_DELETED.all_sites,
        ~fn.EXISTS(beyond),
    )
    return fn.EXISTS(living) | fn.EXISTS(deleted)


def has_status(status: KeyStatus, now: int) -> Any:
    """Say in SQL what ``ApiKey.status`` says in Python."""
    revoked = _KEY.revoked_at.is_null(False)
    expired = _KEY.expires_at.is_null(False) & (_KEY.expires_at <= now)
    match status:
        case KeyStatus.REVOKED:
            return revoked
        case KeyStatus.EXPIRED:
            return ~revoked & expired
        case KeyStatus.ACTIVE:
            return ~revoked & ~expired
