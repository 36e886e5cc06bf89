"""What the operator alone may ask: of the keys and people of all organisations."""

from collections.abc import Iterable, Mapping
from typing import Any

from keyfob.model import ApiKey
from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.key_mapping import COLUMNS, key_of, site_ids_of_key
from keyfob.store.statements import Statement

_KEY = tables.ApiKey
_VALUE = tables.ApiKeyValue
_DELETED = tables.DeletedKey
_ADMIN = tables.Admin


class Survey:
    """Looks at everything; what changes something is for a restoration."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        columns = (*(getattr(_KEY, name) for name in COLUMNS), site_ids_of_key(database))
        self._keys = _KEY.select(*columns).order_by(_KEY.id)

    def keys(self, after: str, most: int) -> list[ApiKey]:
        """Answer keys in the order of their ids, behind one of these."""
        return [key_of(row) for row in self._rows(self._keys.where(_KEY.id > after).limit(most))]

    def keys_of(self, key_ids: Iterable[str]) -> Mapping[str, ApiKey]:
        """Answer those of these keys that there are."""
        found = (key_of(row) for row in self._rows(self._keys.where(_KEY.id.in_([*key_ids]))))
        return {key.id: key for key in found}

    def deleted_of(self, key_ids: Iterable[str]) -> set[str]:
        """Answer which of these keys were deleted."""
        query = _DELETED.select(_DELETED.key_id).where(_DELETED.key_id.in_([*key_ids]))
        return {row[0] for row in self._rows(query)}

    def digests_of(self, key_id: str) -> Mapping[int, bytes]:
        """Answer the digests of all values that a key has had, by their versions."""
        query = _VALUE.select(_VALUE.secret_version, _VALUE.digest).where(_VALUE.key_id == key_id)
        return {version: bytes(digest) for version, digest in self._rows(query)}

    def add_digest(self, key_id: str, version: int, digest: bytes) -> None:
        """Note a value that a key has had."""
        row = {"digest": digest, "key_id": key_id, "secret_version": version}
        Statement(self._database, _VALUE.insert(row)).change()

    def password_hashes(self) -> Mapping[str, str]:
        """Answer the hash of each admin's password, by the admin's id."""
        return {
            row[0]: row[1] for row in self._rows(_ADMIN.select(_ADMIN.id, _ADMIN.password_hash))
        }

    def set_password_hash(self, admin_id: str, password_hash: str) -> None:
        """Replace the hash of a password."""
        query = _ADMIN.update({_ADMIN.password_hash: password_hash}).where(_ADMIN.id == admin_id)
        Statement(self._database, query).change()

    def end_all_sessions(self) -> None:
        """Let nobody be signed in any more."""
        Statement(self._database, tables.AdminSession.delete()).change()

    def _rows(self, query: Any) -> Any:
        return Statement(self._database, query).rows()
