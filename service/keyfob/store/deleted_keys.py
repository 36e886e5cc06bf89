"""What is kept of deleted keys: their last sites, which still decide who may see their traces."""

from keyfob.model import ApiKey
from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement

_KEY = tables.DeletedKey
_SITE = tables.DeletedKeySite


class DeletedKeyRows:
    """Notes what would be lost with a key."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database

    def insert(self, key: ApiKey) -> None:
        """Note the last sites of a key."""
        row = {
            "key_id": key.id,
            "organization_id": key.organization_id,
            "all_sites": key.sites.every,
        }
        Statement(self._database, _KEY.insert(row)).change()
        sites = [{"key_id": key.id, "site_id": site_id} for site_id in sorted(key.sites.ids)]
        if sites:
            Statement(self._database, _SITE.insert_many(sites)).change()
