"""The rows of the audit trail, which are only ever added to."""

from dataclasses import asdict, dataclass
from typing import Any

import peewee

from keyfob.model import Position
from keyfob.store import tables
from keyfob.store.audit_filter import AuditFilter, event_conditions
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement, locking, slot

_EVENT = tables.AuditEvent
_ORGANIZATION = tables.Organization


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A link of a chain, column by column.

    Attributes:
        sequence: 1 for an organisation's first event, one more for each.
        before: the facts as JSON, and so is ``after``; None where there was nothing.
        hash: over all the rest and the hash of the event before it.
    """

    organization_id: str
    sequence: int
    id: str
    at: int
    action: str
    actor_type: str
    actor_id: str
    target_type: str
    target_id: str
    before: str | None
    after: str | None
    request_id: str | None
    hash: str

    @property
    def position(self) -> Position:
        """Its place in a list."""
        return Position(self.at, self.sequence)


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """How long a chain is, and the hash of its last event; empty, if there is none."""

    sequence: int = 0
    hash: str = ""


_COLUMNS = tuple(getattr(_EVENT, name) for name in AuditEvent.__slots__)
_END = (_ORGANIZATION.audit_sequence, _ORGANIZATION.audit_head)


class AuditRows:
    """Appends events, and reads them."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        of_id = _ORGANIZATION.id == slot("id")
        of_organization = _EVENT.organization_id == slot("id")
        end = _ORGANIZATION.select(*_END).where(of_id)
        self._end = Statement(database, end)
        self._hold_end = Statement(database, locking(database, end))
        self._ends = Statement(
            database,
            _ORGANIZATION.select(_ORGANIZATION.id, *_END).order_by(
                _ORGANIZATION.created_at, _ORGANIZATION.id
            ),
        )
        self._orphans = Statement(
            database,
            _EVENT.select(_EVENT.organization_id)
            .where(_EVENT.organization_id.not_in(_ORGANIZATION.select(_ORGANIZATION.id)))
            .distinct()
            .order_by(_EVENT.organization_id),
        )
        self._advance = Statement(
            database,
            _ORGANIZATION.update(
                {
                    _ORGANIZATION.audit_sequence: slot("sequence"),
                    _ORGANIZATION.audit_head: slot("hash"),
                }
            ).where(
                of_id,
                _ORGANIZATION.audit_sequence == slot("sequence_before"),
                _ORGANIZATION.audit_head == slot("hash_before"),
            ),
        )
        self._insert = Statement(
            database, _EVENT.insert({column: slot(column.name) for column in _COLUMNS})
        )
        self._any_between = Statement(
            database,
            _EVENT.select(_EVENT.id)
            .where(
                of_organization,
                _EVENT.actor_id == slot("actor_id"),
                _EVENT.action == slot("action"),
                _EVENT.at > slot("after"),
                _EVENT.at <= slot("now"),
            )
            .limit(1),
        )
        chain = (
            _EVENT.select(*_COLUMNS)
            .where(of_organization)
            .order_by(_EVENT.sequence)
            .limit(slot("limit"))
        )
        self._chain_from_the_start = Statement(database, chain)
        self._chain = Statement(database, chain.where(_EVENT.sequence > slot("after")))

    def end(self, organization_id: str) -> ChainEnd:
        """Answer where an organisation says that its chain ends. Raises LookupError."""
        row = self._end.row(id=organization_id)
        if row is None:
            raise LookupError("no such organisation")
        return ChainEnd(*row)

    def hold_end(self, organization_id: str) -> ChainEnd:
        """Answer the same, and let nobody else append until the transaction ends."""
        row = self._hold_end.row(id=organization_id)
        if row is None:
            raise LookupError("no such organisation")
        return ChainEnd(*row)

    def ends(self) -> dict[str, ChainEnd]:
        """Answer where each organisation says that its chain ends, the oldest organisation first.

        Then come the ids under which there are events, but no organisation to say anything.
        """
        ends = {row[0]: ChainEnd(*row[1:]) for row in self._ends.rows()}
        return ends | {row[0]: ChainEnd() for row in self._orphans.rows()}

    def append(self, event: AuditEvent, end: ChainEnd) -> bool:
        """Add an event behind this end of its chain; to be done in a transaction.

        Returns:
            Whether that still was the end; if not, nothing was written.
        """
        advanced = self._advance.change(
            id=event.organization_id,
            sequence=event.sequence,
            hash=event.hash,
            sequence_before=end.sequence,
            hash_before=end.hash,
        )
        if advanced == 0:
            return False
        self._insert.change(**asdict(event))
        return True

    def has_like(self, event: AuditEvent, within_ms: int) -> bool:
        """Say whether its actor did the like within this time before it."""
        found = self._any_between.row(
            id=event.organization_id,
            actor_id=event.actor_id,
            action=event.action,
            after=event.at - within_ms,
            now=event.at,
        )
        return found is not None

    def page(self, asked: AuditFilter, after: Position | None, limit: int) -> list[AuditEvent]:
        """Answer up to ``limit`` events, newest first, that follow the one at ``after``."""
        query = _EVENT.select(*_COLUMNS).where(*event_conditions(asked))
        if after is None and asked.until is not None:
            after = Position(asked.until, 0)  # sequences begin at 1
        if after is not None:
            place: Any = (after.created_at, after.id)
            query = query.where(peewee.Tuple(_EVENT.at, _EVENT.sequence) < place)
        newest_first = query.order_by(_EVENT.at.desc(), _EVENT.sequence.desc()).limit(limit)
        return [AuditEvent(*row) for row in Statement(self._database, newest_first).rows()]

    def chain(self, organization_id: str, after: int | None, limit: int) -> list[AuditEvent]:
        """Answer up to ``limit`` events in the order of the chain.

        Args:
            after: the sequence of the event before them; None for the very first ones.
        """
        if after is None:
            rows = self._chain_from_the_start.rows(id=organization_id, limit=limit)
        else:
            rows = self._chain.rows(id=organization_id, after=after, limit=limit)
        return [AuditEvent(*row) for row in rows]
