"""The state table of a key, as pure functions: a key and a moment in, the changed key out.

Each raises the word that says why not. Nothing here reads or writes: ``domain.api_keys`` writes
what these return, on condition that the key is still the one that was judged.
"""

from dataclasses import replace

from keyfob.domain.commands import KeyEdit
from keyfob.errors import (
    KeyIsActive,
    KeyIsCompromised,
    KeyIsExpired,
    KeyIsRevoked,
    KeyNotRevoked,
)
from keyfob.model import (
    DEFAULT_RATE_LIMIT,
    ApiKey,
    KeyStatus,
    RateLimit,
    RevokedReason,
    Sites,
)


def merged(key: ApiKey, edit: KeyEdit) -> ApiKey:
    """Answer the key as the edit would have it, whether or not its state permits that."""
    return replace(
        key,
        name=edit.get("name", key.name),
        description=edit.get("description", key.description),
        scopes=edit.get("scopes", key.scopes),
        sites=Sites.from_ids(edit["site_ids"]) if "site_ids" in edit else key.sites,
        expires_at=edit.get("expires_at", key.expires_at),
        rate_limit=_merged_rate_limit(key.rate_limit, edit),
    )


def edited(key: ApiKey, after: ApiKey, now: int) -> ApiKey:
    """Answer the merged key as a change, or the very same key if nothing differs."""
    if key.revoked_at is not None:
        raise KeyIsRevoked
    return key if after == key else _touched(after, now)


def rotated(key: ApiKey, hint: str, now: int) -> ApiKey:
    """Answer the key with its next value in force."""
    match key.status(now):
        case KeyStatus.REVOKED:
            raise KeyIsRevoked
        case KeyStatus.EXPIRED:
            raise KeyIsExpired
        case KeyStatus.ACTIVE:
            next_version = key.secret_version + 1
            return _touched(
                replace(key, secret_version=next_version, hint=hint, rotated_at=now), now
            )


def revoked(key: ApiKey, reason: RevokedReason, now: int) -> ApiKey:
    """Answer the revoked key; of one that is revoked, only the reason may rise to compromised."""
    if key.revoked_at is None:
        return _touched(replace(key, revoked_at=now, revoked_reason=reason), now)
    compromised = RevokedReason.COMPROMISED
    if reason is compromised and key.revoked_reason is not compromised:
        return _touched(replace(key, revoked_reason=compromised), now)
    return key


def reactivated(key: ApiKey, now: int) -> ApiKey:
    """Answer the key at work again (or expired, if its expiry has passed meanwhile)."""
    match key.status(now):
        case KeyStatus.ACTIVE:
            raise KeyIsActive
        case KeyStatus.EXPIRED:
            raise KeyIsExpired
        case KeyStatus.REVOKED:
            if key.revoked_reason is RevokedReason.COMPROMISED:
                raise KeyIsCompromised
            return _touched(replace(key, revoked_at=None, revoked_reason=None), now)


def demand_deletable(key: ApiKey, now: int) -> None:
    """Refuse unless the key is revoked."""
    match key.status(now):
        case KeyStatus.ACTIVE:
            raise KeyIsActive
        case KeyStatus.EXPIRED:
            raise KeyNotRevoked
        case KeyStatus.REVOKED:
            return


def _merged_rate_limit(current: RateLimit, edit: KeyEdit) -> RateLimit:
    if "rate_limit" not in edit:
        return current
    changes = edit["rate_limit"]
    return DEFAULT_RATE_LIMIT if changes is None else replace(current, **changes)


def _touched(key: ApiKey, now: int) -> ApiKey:
    return replace(key, version=key.version + 1, updated_at=now)
