"""What an audit event tells of a change: facts before and after, and never a value or a digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from keyfob.model import EVERY_SITE_IDS, Actor, ActorType, ApiKey, Site, scope_words
from keyfob.store.audit_filter import ABOUT_A_KEY
from keyfob.timestamps import format_timestamp

Facts = dict[str, Any]
"""Members as the API spells them."""


class AuditAction(StrEnum):
    """The kinds of event, as the API spells them."""

    ORGANIZATION_CREATED = "organization.created"
    ADMIN_CREATED = "admin.created"
    ADMIN_PASSWORD_CHANGED = "admin.passwordChanged"  # noqa: S105  no password
    ADMIN_SIGN_IN_FAILED = "admin.signInFailed"
    API_KEY_CREATED = "apiKey.created"
    API_KEY_UPDATED = "apiKey.updated"
    API_KEY_ROTATED = "apiKey.rotated"
    API_KEY_REVOKED = "apiKey.revoked"
    API_KEY_REACTIVATED = "apiKey.reactivated"
    API_KEY_DELETED = "apiKey.deleted"
    SITE_CREATED = "site.created"
    ESCALATION_REFUSED = "escalation.refused"


class TargetType(StrEnum):
    """What things can be done to, as the API spells them."""

    API_KEY = ABOUT_A_KEY
    SITE = "site"
    ORGANIZATION = "organization"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to what, or was refused."""

    action: AuditAction
    target_type: TargetType
    target_id: str
    at: int
    before: Facts | None
    after: Facts | None


def organization_created(organization_id: str, name: str, now: int) -> Change:
    """Tell of a new organisation."""
    action, target = AuditAction.ORGANIZATION_CREATED, TargetType.ORGANIZATION
    return Change(action, target, organization_id, now, None, {"name": name})


def admin_created(admin_id: str, email: str, now: int) -> Change:
    """Tell of a new admin."""
    action, target = AuditAction.ADMIN_CREATED, TargetType.ADMIN
    return Change(action, target, admin_id, now, None, {"email": email})


def password_changed(admin_id: str, email: str, now: int) -> Change:
    """Tell of an admin's new password."""
    action, target = AuditAction.ADMIN_PASSWORD_CHANGED, TargetType.ADMIN
    return Change(action, target, admin_id, now, None, {"email": email})


def sign_in_failed(admin_id: str, email: str, client: str, now: int) -> Change:
    """Tell of a wrong password.

    Args:
        client: the address from which it came.
    """
    action, target = AuditAction.ADMIN_SIGN_IN_FAILED, TargetType.ADMIN
    return Change(action, target, admin_id, now, None, {"email": email, "client": client})


def site_created(site: Site) -> Change:
    """Tell of a new site."""
    facts = {"name": site.name, "address": site.address}
    return Change(AuditAction.SITE_CREATED, TargetType.SITE, site.id, site.created_at, None, facts)


def key_created(key: ApiKey) -> Change:
    """Tell of a new key."""
    action, target = AuditAction.API_KEY_CREATED, TargetType.API_KEY
    return Change(action, target, key.id, key.created_at, None, _facts_of(key))


def key_changed(action: AuditAction, before: ApiKey, after: ApiKey) -> Change:
    """Tell what differs between a key as it was and as it is."""
    old, new = _facts_of(before), _facts_of(after)
    differing = [name for name in old if old[name] != new[name]]
    return Change(
        action,
        TargetType.API_KEY,
        after.id,
        after.updated_at,
        {name: old[name] for name in differing},
        {name: new[name] for name in differing},
    )


def key_deleted(key: ApiKey, requests: int, now: int) -> Change:
    """Tell all of a key that is no more, and how many requests it had made."""
    action, target = AuditAction.API_KEY_DELETED, TargetType.API_KEY
    return Change(action, target, key.id, now, {**_facts_of(key), "requests": requests}, None)


def escalation_refused(
    actor: Actor, operation: str, key_id: str | None, too_much: Mapping[str, Any], now: int
) -> Change:
    """Tell of an attempt to grant more than one holds.

    Args:
        key_id: of the key that was to be changed; None if one was to be made: then the event is
            about the key that attempted it, or about the organisation if none did.
    """
    target, target_id = TargetType.API_KEY, key_id
    if target_id is None and actor.ref.type is ActorType.API_KEY:
        target_id = actor.ref.id
    elif target_id is None:
        target, target_id = TargetType.ORGANIZATION, actor.organization_id
    facts = {"operation": operation, "refused": dict(too_much)}
    return Change(AuditAction.ESCALATION_REFUSED, target, target_id, now, None, facts)


def _facts_of(key: ApiKey) -> Facts:
    return {
        "name": key.name,
        "description": key.description,
        "scopes": scope_words(key.scopes),
        "siteIds": list(EVERY_SITE_IDS) if key.sites.every else sorted(key.sites.ids),
        "rateLimit": {
            "requests": key.rate_limit.requests,
            "windowSeconds": key.rate_limit.window_seconds,
        },
        "hint": key.hint,
        "secretVersion": key.secret_version,
        "expiresAt": _time(key.expires_at),
        "revokedAt": _time(key.revoked_at),
        "revokedReason": None if key.revoked_reason is None else key.revoked_reason.value,
    }


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else format_timestamp(milliseconds)
