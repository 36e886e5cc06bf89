"""The world written into a store, with what the service itself would have written in its course.

Keys become what they are by the same pure functions as in the service (``domain.lifecycle``), and
each change is an audit event of its time; only ids, values and times are chosen.
"""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from argon2 import PasswordHasher

from keyfob.domain import lifecycle
from keyfob.domain.audit_changes import (
    AuditAction,
    admin_created,
    key_changed,
    key_created,
    organization_created,
    site_created,
)
from keyfob.domain.authority import OPERATOR, operator_of
from keyfob.domain.identifiers import new_id
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.secret_value import digest, hint
from keyfob.errors import ApiKeyRotated
from keyfob.model import ApiKey, RevokedReason, Site
from keyfob.reply import Json
from keyfob.schemas.api_keys import key_draft
from keyfob.schemas.sites import site_draft
from keyfob.store.sightings import SightingKind
from keyfob.world.checks import organization_of_each_site
from keyfob.world.entries import delivery_of, employee_of, visitor_of
from keyfob.world.world import World


class _Event(NamedTuple):
    at: int
    write: Callable[[], None]


def populate(keyfob: Keyfob, world: World, pepper: bytes) -> None:
    """Write the world into an empty store, as one that begins now; all of it or nothing.

    Args:
        keyfob: whose store it is; its clock tells what now is.
        world: checked.
        pepper: of that store.
    """
    now = keyfob.clock()
    with keyfob.store.transaction():
        for event in sorted(_history(keyfob, world, pepper, now), key=lambda event: event.at):
            event.write()
        for key in world.keys:
            _note_use(keyfob, key, now)


def _history(keyfob: Keyfob, world: World, pepper: bytes, now: int) -> Iterator[_Event]:
    for organization in world.organizations:
        yield from _life_of_organization(keyfob, organization, now)
    for key in world.keys:
        yield from _life_of_key(keyfob, key, pepper, now)
    organization_of = organization_of_each_site(world.organizations)
    store = keyfob.store
    for item in world.visitors:
        visitor = visitor_of(item, organization_of[item["siteId"]], now)
        yield _Event(visitor.created_at, lambda entry=visitor: store.visitors.insert(entry))
    for item in world.employees:
        employee = employee_of(item, organization_of[item["siteId"]], now)
        yield _Event(employee.created_at, lambda entry=employee: store.employees.insert(entry))
    for item in world.deliveries:
        delivery = delivery_of(item, organization_of[item["siteId"]], now)
        yield _Event(delivery.created_at, lambda entry=delivery: store.deliveries.insert(entry))


def _life_of_organization(keyfob: Keyfob, item: Json, now: int) -> Iterator[_Event]:
    organization_id, name, at = item["id"], item["name"], item["createdAt"].at(now)
    rows, operator = keyfob.store.organizations, operator_of(organization_id)

    def create() -> None:
        rows.insert(organization_id, name, at)
        keyfob.audit.append(operator, organization_created(organization_id, name, at))
        admin_id, email = new_id("adm", keyfob.rng), item["adminEmail"]
        rows.insert_admin(admin_id, organization_id, email, _nobodys_password(), at)
        keyfob.audit.append(operator, admin_created(admin_id, email, at))

    yield _Event(at, create)
    for member in item["sites"]:
        draft = site_draft({k: member[k] for k in ("name", "address") if k in member})
        site = Site(
            id=member["id"],
            organization_id=organization_id,
            name=draft.name,
            address=draft.address,
            created_at=member["createdAt"].at(now),
        )

        def open_site(site: Site = site) -> None:
            keyfob.store.sites.insert(site)
            keyfob.audit.append(operator, site_created(site))

        yield _Event(site.created_at, open_site)


def _life_of_key(keyfob: Keyfob, item: Json, pepper: bytes, now: int) -> Iterator[_Event]:
    store, operator = keyfob.store, operator_of(item["organizationId"])
    replaced = item.get("replacedValues", [])
    first, *later = [*(each["value"] for each in replaced), item["value"]]
    key = _first_state(item, first, now)

    def create(key: ApiKey = key) -> None:
        store.organizations.take_key_place(key.organization_id, most=1_000_000)
        store.api_keys.insert(key, digest(first, pepper))
        keyfob.audit.append(operator, key_created(key))

    def change(before: ApiKey, after: ApiKey, action: AuditAction, value: str | None) -> _Event:
        def write() -> None:
            new_digest = None if value is None else digest(value, pepper)
            store.api_keys.replace(before, after, new_digest)
            keyfob.audit.append(operator, key_changed(action, before, after))

        return _Event(after.updated_at, write)

    yield _Event(key.created_at, create)
    for each, value in zip(replaced, later, strict=True):
        rotated = lifecycle.rotated(key, hint(value), each["replacedAt"].at(now))
        yield change(key, rotated, AuditAction.API_KEY_ROTATED, value)
        key = rotated
    if "revokedAt" in item:
        reason = RevokedReason(item.get("revokedReason", RevokedReason.OTHER))
        revoked = lifecycle.revoked(key, reason, item["revokedAt"].at(now))
        yield change(key, revoked, AuditAction.API_KEY_REVOKED, None)


def _first_state(item: Json, value: str, now: int) -> ApiKey:
    named = ("name", "description", "scopes", "siteIds", "rateLimit")
    draft = key_draft({name: item[name] for name in named if name in item})
    created_at = item["createdAt"].at(now)
    return ApiKey(
        id=item["id"],
        organization_id=item["organizationId"],
        name=draft.name,
        description=draft.description,
        scopes=draft.scopes,
        sites=draft.sites,
        rate_limit=draft.rate_limit,
        hint=hint(value),
        secret_version=1,
        version=1,
        created_at=created_at,
        created_by=OPERATOR,
        updated_at=created_at,
        expires_at=item["expiresAt"].at(now) if "expiresAt" in item else None,
    )


def _note_use(keyfob: Keyfob, item: Json, now: int) -> None:
    see = keyfob.store.sightings.see
    for each in item.get("replacedValues", []):
        if "lastUsedAt" in each:
            at = each["lastUsedAt"].at(now)
            see(item["id"], SightingKind.DEAD_VALUE, ApiKeyRotated.code, at)
    if "lastUsedAt" in item:
        at = item["lastUsedAt"].at(now)
        keyfob.store.usage.touch(item["id"], at)
        for word in item.get("usedScopes", item["scopes"]):
            see(item["id"], SightingKind.SCOPE_USED, word, at)


def _nobodys_password() -> str:
    password = random.SystemRandom().randbytes(16)
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
