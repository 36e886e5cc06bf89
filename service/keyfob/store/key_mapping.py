"""A key as a row and back."""

from typing import Any

from keyfob.model import (
    EVERY_SITE,
    ActorRef,
    ActorType,
    ApiKey,
    RateLimit,
    RevokedReason,
    Scope,
    Sites,
)
from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.folding import folded
from keyfob.store.statements import Row

_SITE = tables.ApiKeySite

COLUMNS = (
    "id",
    "organization_id",
    "name",
    "description",
    "scopes",
    "all_sites",
    "rate_limit_requests",
    "rate_limit_window_seconds",
    "hint",
    "secret_version",
    "version",
    "created_at",
    "created_by_type",
    "created_by_id",
    "updated_at",
    "rotated_at",
    "expires_at",
    "revoked_at",
    "revoked_reason",
    "last_used_at",
)


def key_of(row: Row) -> ApiKey:
    """Make a key of ``COLUMNS`` and its joined site ids."""
    value = dict(zip((*COLUMNS, "site_ids"), row, strict=True))
    reason = value["revoked_reason"]
    return ApiKey(
        id=value["id"],
        organization_id=value["organization_id"],
        name=value["name"],
        description=value["description"],
        scopes=Scope(value["scopes"]),
        sites=sites_of(value["all_sites"], value["site_ids"]),
        rate_limit=RateLimit(value["rate_limit_requests"], value["rate_limit_window_seconds"]),
        hint=value["hint"],
        secret_version=value["secret_version"],
        version=value["version"],
        created_at=value["created_at"],
        created_by=ActorRef(ActorType(value["created_by_type"]), value["created_by_id"]),
        updated_at=value["updated_at"],
        rotated_at=value["rotated_at"],
        expires_at=value["expires_at"],
        revoked_at=value["revoked_at"],
        revoked_reason=None if reason is None else RevokedReason(reason),
        last_used_at=value["last_used_at"],
    )


def record_of(key: ApiKey) -> dict[str, Any]:
    """Answer the columns that changes write; use (``last_used_at``) is written elsewhere."""
    return {
        "name": key.name,
        "name_folded": folded(key.name),
        "description": key.description,
        "scopes": int(key.scopes),
        "all_sites": key.sites.every,
        "rate_limit_requests": key.rate_limit.requests,
        "rate_limit_window_seconds": key.rate_limit.window_seconds,
        "hint": key.hint,
        "secret_version": key.secret_version,
        "version": key.version,
        "created_at": key.created_at,
        "created_by_type": key.created_by.type.value,
        "created_by_id": key.created_by.id,
        "updated_at": key.updated_at,
        "rotated_at": key.rotated_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "revoked_reason": None if key.revoked_reason is None else key.revoked_reason.value,
    }


def sites_of(every: Any, joined_ids: str | None) -> Sites:
    """Make the sites of a key."""
    return EVERY_SITE if every else Sites(ids=frozenset((joined_ids or "").split(",")))


def site_ids_of_key(database: StoreDatabase) -> Any:
    """Answer a subquery for the site ids of the outer query's key: one statement sees one state."""
    return _SITE.select(database.joined(_SITE.site_id)).where(_SITE.key_id == tables.ApiKey.id)
