"""Best practices, computed: what to do about a key, judged by how it is used.

Advice is for keys that work, for the others cannot go wrong any more. An active key gets

- ``ROTATION_OVERDUE`` from the moment at which its rotation is due;
- ``EXPIRES_SOON`` in the 14 days before its expiry;
- ``NEVER_USED`` 30 days after its creation, if nothing ever got past authentication with it;
- ``SCOPE_UNUSED`` for scopes that were granted 30 days ago or earlier and not used since then; a
  request uses the scope of its operation, and the one that it asks about, once it is held;
- ``SHARED_KEY`` for 30 days after two products (of ``User-Agent``, versions aside) used it within
  an hour; a rotation, which shuts all but one of them out, ends it.

``DEAD_VALUE_IN_USE`` goes to whatever state the key is in, for 30 days after somebody sent a value
that a rotation replaced, or sent the value of a key that is revoked, since it was.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from keyfob.errors import ApiKeyRevoked, ApiKeyRotated
from keyfob.model import ApiKey, KeyStatus, Scope, scope_words
from keyfob.store.sightings import Sighting, SightingKind
from keyfob.timestamps import format_timestamp

DAY_MS = 86_400_000
UNUSED_MS = 30 * DAY_MS
REMEMBERED_MS = 30 * DAY_MS
SOON_MS = 14 * DAY_MS


class AdviceCode(StrEnum):
    """What advice is about."""

    ROTATION_OVERDUE = "ROTATION_OVERDUE"
    EXPIRES_SOON = "EXPIRES_SOON"
    NEVER_USED = "NEVER_USED"
    SCOPE_UNUSED = "SCOPE_UNUSED"
    SHARED_KEY = "SHARED_KEY"
    DEAD_VALUE_IN_USE = "DEAD_VALUE_IN_USE"


Found = Iterator[tuple[AdviceCode, dict[str, Any]]]

MESSAGES = {
    AdviceCode.ROTATION_OVERDUE: (
        "This value is older than values should get. Rotate the key, and deploy the new value."
    ),
    AdviceCode.EXPIRES_SOON: (
        "This key stops working soon. Give it a later expiresAt, or make sure that nobody needs it."
    ),
    AdviceCode.NEVER_USED: (
        "Nobody has ever used this key. Deploy it, or revoke it: what nobody needs only leaks."
    ),
    AdviceCode.SCOPE_UNUSED: (
        "Nobody needs all that this key may do. Take the scopes away that are in details.scopes."
    ),
    AdviceCode.SHARED_KEY: (
        "Several programs use this key. Make a key for each of them and rotate this one, so that"
        " each can be limited, watched and stopped alone."
    ),
    AdviceCode.DEAD_VALUE_IN_USE: (
        "Somebody still sends a value of this key that does not work any more. Find out who: usage"
        " shows address and user agent. Deploy a working value there, or remove the old one."
    ),
}


@dataclass(frozen=True, slots=True)
class Advisory:
    """One piece of advice.

    Attributes:
        message: what to do.
        details: the facts behind it, as the API spells them.
    """

    code: AdviceCode
    message: str
    details: dict[str, Any]


def advisories_of(
    key: ApiKey, *, rotation_due_at: int, sightings: Iterable[Sighting], now: int
) -> list[Advisory]:
    """Answer the advice on a key.

    Args:
        key: in any state.
        rotation_due_at: when its value should be replaced.
        sightings: all that was seen of the key.
        now: the time to judge by.
    """
    seen = list(sightings)
    found = [*_on_dead_values(key, seen, now)]
    if key.status(now) is KeyStatus.ACTIVE:
        found = [*_on_time(key, rotation_due_at, now), *_on_use(key, seen, now), *found]
    return [Advisory(code, MESSAGES[code], details) for code, details in found]


def _on_time(key: ApiKey, rotation_due_at: int, now: int) -> Found:
    if rotation_due_at <= now:
        yield AdviceCode.ROTATION_OVERDUE, {"dueAt": format_timestamp(rotation_due_at)}
    if key.expires_at is not None and key.expires_at <= now + SOON_MS:
        yield AdviceCode.EXPIRES_SOON, {"expiresAt": format_timestamp(key.expires_at)}


def _on_use(key: ApiKey, seen: list[Sighting], now: int) -> Found:
    if key.last_used_at is None and key.created_at <= now - UNUSED_MS:
        yield AdviceCode.NEVER_USED, {}
    if unused := _unused_scopes(key, seen, now):
        yield AdviceCode.SCOPE_UNUSED, {"scopes": scope_words(unused)}
    value_since = key.created_at if key.rotated_at is None else key.rotated_at
    since = max(value_since, now - REMEMBERED_MS)
    products = [each for each in seen if each.met_at is not None and each.met_at >= since]
    if len(products) > 1:
        yield AdviceCode.SHARED_KEY, {"userAgents": sorted(each.name for each in products)}


def _unused_scopes(key: ApiKey, seen: list[Sighting], now: int) -> Scope:
    if key.created_at > now - UNUSED_MS:
        return Scope(0)
    kinds = (SightingKind.SCOPE_USED, SightingKind.SCOPE_GRANTED)
    fresh = {s.name for s in seen if s.kind in kinds and s.last_at > now - UNUSED_MS}
    unused = Scope(0)
    for scope in Scope:
        if scope in key.scopes and scope.word not in fresh:
            unused |= scope
    return unused


def _on_dead_values(key: ApiKey, seen: list[Sighting], now: int) -> Found:
    dead_since = {ApiKeyRotated.code: key.created_at}
    if key.revoked_at is not None:
        dead_since[ApiKeyRevoked.code] = key.revoked_at
    uses = [
        (each.last_at, each.name)
        for each in seen
        if each.kind is SightingKind.DEAD_VALUE
        and each.name in dead_since
        and each.last_at >= max(dead_since[each.name], now - REMEMBERED_MS)
    ]
    if uses:
        last_at, code = max(uses)
        details = {"lastUsedAt": format_timestamp(last_at), "code": code}
        yield AdviceCode.DEAD_VALUE_IN_USE, details
