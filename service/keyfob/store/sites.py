"""The rows of sites. Organisation and sites stand in every query."""

from collections.abc import Iterable, Sequence
from typing import Any

import peewee

from keyfob.model import Position, Site, Sites
from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement

_SITE = tables.Site
_COLUMNS = (_SITE.id, _SITE.organization_id, _SITE.name, _SITE.address, _SITE.created_at)


class SiteRows:
    """Reads and writes sites."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database

    def find(self, organization_id: str, within: Sites, site_id: str) -> Site | None:
        """Answer a site of this organisation, if it is one of these."""
        query = _SITE.select(*_COLUMNS).where(_SITE.id == site_id, *_meets(organization_id, within))
        row = Statement(self._database, query).row()
        return None if row is None else Site(*row)

    def existing(self, organization_id: str, site_ids: Sequence[str]) -> frozenset[str]:
        """Answer those of these ids that the organisation has."""
        query = _SITE.select(_SITE.id).where(
            _SITE.organization_id == organization_id, _SITE.id.in_(site_ids)
        )
        return frozenset(row[0] for row in Statement(self._database, query).rows())

    def page(
        self, organization_id: str, within: Sites, after: Position | None, limit: int
    ) -> list[Site]:
        """Answer up to ``limit`` sites, newest first, that follow the one at ``after``."""
        query = _SITE.select(*_COLUMNS).where(*_meets(organization_id, within))
        if after is not None:
            query = query.where(
                peewee.Tuple(_SITE.created_at, _SITE.id) < (after.created_at, after.id)
            )
        newest_first = query.order_by(_SITE.created_at.desc(), _SITE.id.desc()).limit(limit)
        return [Site(*row) for row in Statement(self._database, newest_first).rows()]

    def insert(self, site: Site) -> None:
        """Add a site."""
        row = {column.name: getattr(site, column.name) for column in _COLUMNS}
        Statement(self._database, _SITE.insert(row)).change()


def _meets(organization_id: str, within: Sites) -> Iterable[Any]:
    yield _SITE.organization_id == organization_id
    if not within.every:
        yield _SITE.id.in_(sorted(within.ids))
