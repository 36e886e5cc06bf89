"""A reception's book: what the books on visitors, employees and deliveries have in common."""

import random
from dataclasses import asdict, astuple, dataclass
from typing import Any, Generic, TypeVar

from keyfob.domain.authority import demand_named_site
from keyfob.domain.commands import EntryDraft
from keyfob.domain.identifiers import new_id
from keyfob.domain.pagination import Cursors, Page
from keyfob.errors import NotFound, StateConflict
from keyfob.model import Actor, Clock
from keyfob.reception import Entry, EntryStatus
from keyfob.store.reception import EntryFilter, EntryRows
from keyfob.store.store import Store

EntryT = TypeVar("EntryT", bound=Entry)
DraftT = TypeVar("DraftT", bound=EntryDraft)


@dataclass(frozen=True, slots=True)
class Step:
    """A change of status.

    Attributes:
        stamped: the field that keeps when it was taken.
    """

    before: EntryStatus
    after: EntryStatus
    stamped: str


class Book(Generic[EntryT, DraftT]):
    """Entries of one kind, of all organisations; every method is confined to the actor's sites."""

    def __init__(
        self,
        store: Store,
        rows: EntryRows[EntryT],
        *,
        clock: Clock,
        rng: random.Random,
        cursors: Cursors,
    ) -> None:
        self._store = store
        self._rows = rows
        self._clock = clock
        self._rng = rng
        self._cursors = cursors

    def get(self, actor: Actor, entry_id: str) -> EntryT:
        """Answer an entry. Raises NotFound."""
        entry = self._rows.find(actor.organization_id, actor.sites, entry_id)
        if entry is None:
            raise NotFound
        return entry

    def list(
        self, actor: Actor, asked: EntryFilter, *, limit: int, cursor: str | None
    ) -> Page[EntryT]:
        """Answer one page, newest first.

        Raises:
            ValidationFailed: the cursor is not one of this list.
            SiteForbidden: the site is absent, foreign or not the actor's.
        """
        filters = (None if value is None else str(value) for value in astuple(asked))
        question = (self._rows.kind.ID_PREFIX, actor.organization_id, *filters)
        start = self._cursors.read(cursor, *question)
        if asked.site_id is not None:
            demand_named_site(self._store.sites, actor, asked.site_id, "/query/siteId")
        items = self._rows.page(actor.organization_id, actor.sites, asked, start, limit + 1)
        return self._cursors.page(items, limit, *question)

    def demand_may_create(self, actor: Actor, draft: DraftT) -> None:
        """Refuse whoever does not cover the site of what is to be made. Raises SiteForbidden."""
        demand_named_site(self._store.sites, actor, draft.site_id, "/siteId")

    def create(self, actor: Actor, draft: DraftT) -> EntryT:
        """Make an entry.

        Raises:
            SiteForbidden: the site is absent, foreign or not the actor's.
        """
        kind = self._rows.kind
        with self._store.transaction():
            self.demand_may_create(actor, draft)
            now = self._clock()
            entry = kind(
                id=new_id(kind.ID_PREFIX, self._rng),
                organization_id=actor.organization_id,
                status=kind.FIRST_STATUS,
                created_at=now,
                created_by=actor.ref,
                updated_at=now,
                **asdict(draft),
            )
            self._rows.insert(entry)
        return entry

    def _take(self, actor: Actor, entry_id: str, step: Step, **noted: Any) -> EntryT:
        """Take a step, as one conditional write: of several at once, one succeeds.

        Args:
            actor: who takes it.
            entry_id: of what.
            step: which.
            noted: further fields, and what they are set to.

        Raises:
            NotFound.
            StateConflict: its details name the status that the entry has instead.
        """
        organization_id, sites = actor.organization_id, actor.sites
        while True:
            with self._store.transaction():
                now = self._clock()
                noted |= {"status": step.after.value, step.stamped: now, "updated_at": now}
                taken = self._rows.change(organization_id, sites, entry_id, step.before, noted)
                entry = self.get(actor, entry_id)
            if taken:
                return entry
            # What stood in the way may be gone by now (on a store with concurrent writers).
            if entry.status is not step.before:
                raise StateConflict(status=entry.status.value)
