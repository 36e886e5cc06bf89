"""The sites of an organisation."""

import random

from keyfob.domain.audit import AuditTrail
from keyfob.domain.audit_changes import site_created
from keyfob.domain.commands import SiteDraft
from keyfob.domain.identifiers import new_id
from keyfob.domain.pagination import Cursors, Page
from keyfob.errors import NotFound, SiteForbidden
from keyfob.model import Actor, Clock, Site
from keyfob.store.store import Store


class SiteDirectory:
    """The sites of all organisations; every method is confined to what its actor may meet."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        rng: random.Random,
        cursors: Cursors,
        audit: AuditTrail,
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._rng = rng
        self._cursors = cursors

    def get(self, actor: Actor, site_id: str) -> Site:
        """Answer a site. Raises NotFound."""
        site = self._store.sites.find(actor.organization_id, actor.sites, site_id)
        if site is None:
            raise NotFound
        return site

    def list(self, actor: Actor, *, limit: int, cursor: str | None) -> Page[Site]:
        """Answer one page, newest first. Raises ValidationFailed for a cursor of another list."""
        start = self._cursors.read(cursor, "sites", actor.organization_id)
        items = self._store.sites.page(actor.organization_id, actor.sites, start, limit + 1)
        return self._cursors.page(items, limit, "sites", actor.organization_id)

    def demand_may_create(self, actor: Actor) -> None:
        """Refuse whoever is limited to sites, and would not cover a new one.

        Raises:
            SiteForbidden.
        """
        if not actor.sites.every:
            raise SiteForbidden(pointer="")

    def create(self, actor: Actor, draft: SiteDraft) -> Site:
        """Add a site.

        Raises:
            SiteForbidden: the actor may not.
        """
        self.demand_may_create(actor)
        with self._store.transaction():
            site = Site(
                id=new_id("site", self._rng),
                organization_id=actor.organization_id,
                name=draft.name,
                address=draft.address,
                created_at=self._clock(),
            )
            self._store.sites.insert(site)
            self._audit.append(actor, site_created(site))
        return site
