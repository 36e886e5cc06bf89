"""The rows of API keys. Organisation and sites stand in every query: nobody can forget them."""

from dataclasses import dataclass
from typing import Any

import peewee
from peewee import Case, fn

from keyfob.model import ApiKey, KeyStatus, Position, RateLimit, Scope, Sites
from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.key_filters import KeyFilter, conditions, has_status
from keyfob.store.key_mapping import COLUMNS, key_of, record_of, site_ids_of_key, sites_of
from keyfob.store.statements import Statement, locking, slot

_KEY = tables.ApiKey
_SITE = tables.ApiKeySite
_VALUE = tables.ApiKeyValue


@dataclass(frozen=True, slots=True)
class Credential:
    """What the store knows of a value, and of the key that it belongs or belonged to."""

    key_id: str
    organization_id: str
    secret_version: int
    current_secret_version: int
    scopes: Scope
    sites: Sites
    expires_at: int | None
    revoked: bool
    rate_limit: RateLimit


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """How many keys are in each state."""

    active: int
    expired: int
    revoked: int


class ApiKeyRows:
    """Reads and writes keys, their sites and the digests of their values."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        site_ids = site_ids_of_key(database)
        self._columns = (*(getattr(_KEY, name) for name in COLUMNS), site_ids)
        self._find_credential = Statement(
            database,
            _VALUE.select(
                _KEY.id,
                _KEY.organization_id,
                _VALUE.secret_version,
                _KEY.secret_version,
                _KEY.scopes,
                _KEY.all_sites,
                _KEY.expires_at,
                _KEY.revoked_at,
                _KEY.rate_limit_requests,
                _KEY.rate_limit_window_seconds,
                site_ids,
            )
            .join(_KEY)
            .where(_VALUE.digest == slot("digest")),
        )
        of_id = (_KEY.id == slot("id")) & (_KEY.organization_id == slot("organization_id"))
        self._find = Statement(database, _KEY.select(*self._columns).where(of_id))
        self._hold = Statement(
            database, locking(database, _KEY.select(_KEY.id).where(of_id), "FOR UPDATE")
        )

    def find_credential(self, digest: bytes) -> Credential | None:
        """Answer what a value's digest stands for, current or replaced."""
        row = self._find_credential.row(digest=digest)
        if row is None:
            return None
        key_id, organization_id, version, current_version, scopes, every, *rest = row
        expires_at, revoked_at, requests, window_seconds, site_ids = rest
        return Credential(
            key_id=key_id,
            organization_id=organization_id,
            secret_version=version,
            current_secret_version=current_version,
            scopes=Scope(scopes),
            sites=sites_of(every, site_ids),
            expires_at=expires_at,
            revoked=revoked_at is not None,
            rate_limit=RateLimit(requests, window_seconds),
        )

    def find(self, organization_id: str, within: Sites, key_id: str) -> ApiKey | None:
        """Answer a key of this organisation whose sites lie within these."""
        if within.every:  # most actors by far: a statement compiled once
            row = self._find.row(id=key_id, organization_id=organization_id)
        else:
            asked = conditions(KeyFilter(organization_id, within))
            query = _KEY.select(*self._columns).where(_KEY.id == key_id, *asked)
            row = Statement(self._database, query).row()
        return None if row is None else key_of(row)

    def hold(self, organization_id: str, key_id: str) -> None:
        """Let nobody else write a key, or anything about it, until the transaction ends."""
        self._hold.row(id=key_id, organization_id=organization_id)

    def page(
        self,
        asked: KeyFilter,
        status: KeyStatus | None,
        now: int,
        after: Position | None,
        limit: int,
    ) -> list[ApiKey]:
        """Answer up to ``limit`` keys, newest first, that follow the one at ``after``."""
        query = _KEY.select(*self._columns).where(*conditions(asked))
        if status is not None:
            query = query.where(has_status(status, now))
        if after is not None:
            query = query.where(
                peewee.Tuple(_KEY.created_at, _KEY.id) < (after.created_at, after.id)
            )
        newest_first = query.order_by(_KEY.created_at.desc(), _KEY.id.desc()).limit(limit)
        return [key_of(row) for row in Statement(self._database, newest_first).rows()]

    def count(self, asked: KeyFilter, now: int) -> KeyCounts:
        """Count the keys in each state."""
        each = [
            fn.COALESCE(fn.SUM(Case(None, [(has_status(status, now), 1)], 0)), 0)
            for status in (KeyStatus.ACTIVE, KeyStatus.EXPIRED, KeyStatus.REVOKED)
        ]
        row = Statement(self._database, _KEY.select(*each).where(*conditions(asked))).row()
        active, expired, revoked = row or (0, 0, 0)
        return KeyCounts(int(active), int(expired), int(revoked))

    def insert(self, key: ApiKey, digest: bytes) -> None:
        """Add a key and its first value."""
        self._run(
            _KEY.insert({"id": key.id, "organization_id": key.organization_id, **record_of(key)})
        )
        self._insert_sites(key)
        self._insert_value(key, digest)

    def replace(self, before: ApiKey, after: ApiKey, new_digest: bytes | None) -> bool:
        """Turn a key from what it was into what it shall be, if nobody changed it meanwhile.

        Only the columns that differ are written: a stale row saved whole would undo others' work.

        Args:
            new_digest: of the new value, when this is a rotation.

        Returns:
            Whether the key was still at ``before.version``; if not, nothing was written.
        """
        old, new = record_of(before), record_of(after)
        changes = {column: new[column] for column in new if new[column] != old[column]}
        if self._run(_KEY.update(changes).where(_is_unchanged(before))) == 0:
            return False
        if after.sites != before.sites:
            self._run(_SITE.delete().where(_SITE.key_id == after.id))
            self._insert_sites(after)
        if new_digest is not None:
            self._insert_value(after, new_digest)
        return True

    def delete(self, key: ApiKey) -> bool:
        """Remove a key, its sites and all its values, if nobody changed it meanwhile."""
        return self._run(_KEY.delete().where(_is_unchanged(key))) == 1

    def _insert_sites(self, key: ApiKey) -> None:
        rows = [{"key_id": key.id, "site_id": site_id} for site_id in sorted(key.sites.ids)]
        if rows:
            self._run(_SITE.insert_many(rows))

    def _insert_value(self, key: ApiKey, digest: bytes) -> None:
        value = {"digest": digest, "key_id": key.id, "secret_version": key.secret_version}
        self._run(_VALUE.insert(value))

    def _run(self, query: Any) -> int:
        return Statement(self._database, query).change()


def _is_unchanged(key: ApiKey) -> Any:
    return (
        (_KEY.id == key.id)
        & (_KEY.organization_id == key.organization_id)
        & (_KEY.version == key.version)
    )
