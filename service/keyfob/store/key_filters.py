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
