"""No escalation: an actor grants only what it holds (scopes, sites, and time)."""

from collections.abc import Sequence
from typing import Any

from keyfob.errors import ScopeEscalation, SiteForbidden
from keyfob.model import (
    ALL_SCOPES,
    EVERY_SITE,
    Actor,
    ActorRef,
    ActorType,
    ApiKey,
    Scope,
    Sites,
    scope_words,
)
from keyfob.store.sites import SiteRows
from keyfob.timestamps import format_timestamp

OPERATOR = ActorRef(ActorType.OPERATOR, "operator")


def operator_of(organization_id: str) -> Actor:
    """Answer the operator at work in one organisation, where he holds everything."""
    return Actor(ref=OPERATOR, organization_id=organization_id, scopes=ALL_SCOPES, sites=EVERY_SITE)


def demand_key_within(actor: Actor, key: ApiKey) -> None:
    """Refuse unless the key's scopes, sites and expiry lie within the actor's own."""
    demand_grant_within(actor, key.scopes, key.sites, key.expires_at)


def reaches_beyond(after: ApiKey, before: ApiKey) -> bool:
    """Say whether a change gives a key scopes, sites or time that it did not have."""
    return (
        bool(after.scopes & ~before.scopes)
        or not before.sites.cover(after.sites)
        or _outlives(after.expires_at, before.expires_at)
    )


def demand_grant_within(actor: Actor, scopes: Scope, sites: Sites, expires_at: int | None) -> None:
    """Refuse what reaches beyond the actor.

    Raises:
        ScopeEscalation: its details name all that was too much.
    """
    too_much: dict[str, Any] = {}
    if excess := scopes & ~actor.scopes:
        too_much["scopes"] = scope_words(excess)
    if not actor.sites.cover(sites):
        too_much["siteIds"] = ["*"] if sites.every else sorted(sites.ids - actor.sites.ids)
    if _outlives(expires_at, actor.expires_at):
        too_much["expiresAt"] = None if expires_at is None else format_timestamp(expires_at)
    if too_much:
        raise ScopeEscalation(**too_much)


def demand_named_sites(
    actor: Actor, site_ids: Sequence[str], existing: frozenset[str], pointer: str
) -> None:
    """Refuse a site that is absent, foreign or not the actor's: all alike.

    Args:
        existing: those of ``site_ids`` that the actor's organisation has.
        pointer: JSON pointer to the list that names them.
    """
    for position, site_id in enumerate(site_ids):
        if site_id not in existing or not (actor.sites.every or site_id in actor.sites.ids):
            raise SiteForbidden(pointer=f"{pointer}/{position}")


def demand_named_site(sites: SiteRows, actor: Actor, site_id: str, pointer: str) -> None:
    """Refuse a site that is absent, foreign or not the actor's: all alike."""
    if sites.find(actor.organization_id, actor.sites, site_id) is None:
        raise SiteForbidden(pointer=pointer)


def _outlives(expires_at: int | None, limit: int | None) -> bool:
    return limit is not None and (expires_at is None or expires_at > limit)
