"""The rows of a reception's books, alike for each. Organisation and sites stand in every query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import peewee

from keyfob.model import ActorRef, ActorType, Position, Sites
from keyfob.reception import Entry, EntryStatus
from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.folding import folded
from keyfob.store.statements import Row, Statement

EntryT = TypeVar("EntryT", bound=Entry)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are asked for; None asks for all.

    Attributes:
        name_contains: taken literally, in any case.
        expected_from: only visitors who are expected at this time or later.
        expected_until: only visitors who are expected before this time.
    """

    site_id: str | None = None
    status: EntryStatus | None = None
    name_contains: str | None = None
    expected_from: int | None = None
    expected_until: int | None = None


class EntryRows(Generic[EntryT]):
    """Reads and writes the entries of one book."""

    def __init__(
        self, database: StoreDatabase, table: type[tables.Entry], kind: type[EntryT]
    ) -> None:
        self.kind = kind
        self._database = database
        self._table: Any = table
        self._names = tuple(_column_names(kind))
        self._columns = [getattr(table, name) for name in self._names]

    def find(self, organization_id: str, within: Sites, entry_id: str) -> EntryT | None:
        """Answer an entry of this organisation that is about one of these sites."""
        is_it = self._is_it(organization_id, within, entry_id)
        row = Statement(self._database, self._table.select(*self._columns).where(*is_it)).row()
        return None if row is None else self._entry_of(row)

    def page(
        self,
        organization_id: str,
        within: Sites,
        asked: EntryFilter,
        after: Position | None,
        limit: int,
    ) -> list[EntryT]:
        """Answer up to ``limit`` entries, newest first, that follow the one at ``after``."""
        table = self._table
        query = table.select(*self._columns).where(
            *self._meets(organization_id, within), *_conditions(table, asked)
        )
        if after is not None:
            place: Any = (after.created_at, after.id)
            query = query.where(peewee.Tuple(table.created_at, table.id) < place)
        newest_first = query.order_by(table.created_at.desc(), table.id.desc()).limit(limit)
        return [self._entry_of(row) for row in Statement(self._database, newest_first).rows()]

    def insert(self, entry: EntryT) -> None:
        """Add an entry."""
        Statement(self._database, self._table.insert(_record_of(entry))).change()

    def change(
        self,
        organization_id: str,
        within: Sites,
        entry_id: str,
        status: EntryStatus,
        changes: Mapping[str, Any],
    ) -> bool:
        """Write these columns, if there is such an entry and it has this status; say whether."""
        is_it = self._is_it(organization_id, within, entry_id)
        query = self._table.update(changes).where(*is_it, self._table.status == status.value)
        return Statement(self._database, query).change() == 1

    def _is_it(self, organization_id: str, within: Sites, entry_id: str) -> Iterable[Any]:
        yield self._table.id == entry_id
        yield from self._meets(organization_id, within)

    def _meets(self, organization_id: str, within: Sites) -> Iterable[Any]:
        yield self._table.organization_id == organization_id
        if not within.every:
            yield self._table.site_id.in_(sorted(within.ids))

    def _entry_of(self, row: Row) -> EntryT:
        values = dict(zip(self._names, row, strict=True))
        actor_type, actor_id = values.pop("created_by_type"), values.pop("created_by_id")
        values["created_by"] = ActorRef(ActorType(actor_type), actor_id)
        values["status"] = EntryStatus(values["status"])
        return self.kind(**values)


def _conditions(table: Any, asked: EntryFilter) -> Iterable[Any]:
    if asked.site_id is not None:
        yield table.site_id == asked.site_id
    if asked.status is not None:
        yield table.status == asked.status.value
    if asked.name_contains is not None:
        yield table.name_folded.contains(folded(asked.name_contains))
    if asked.expected_from is not None:
        yield table.expected_at >= asked.expected_from
    if asked.expected_until is not None:
        yield table.expected_at < asked.expected_until


def _column_names(kind: type[Entry]) -> Iterable[str]:
    """Answer the columns of an entry: its fields, but that an actor is two."""
    for field in fields(kind):
        if field.name == "created_by":
            yield from ("created_by_type", "created_by_id")
        else:
            yield field.name


def _record_of(entry: Entry) -> dict[str, Any]:
    record = {field.name: getattr(entry, field.name) for field in fields(entry)}
    del record["created_by"]
    return record | {
        "name_folded": folded(entry.name),
        "status": entry.status.value,
        "created_by_type": entry.created_by.type.value,
        "created_by_id": entry.created_by.id,
    }
