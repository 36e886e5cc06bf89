"""Who did what, when: appended in the transaction in which it is done, and read by page."""

import json
import random
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from keyfob.domain.audit_chain import AuditChains
from keyfob.domain.audit_changes import AuditAction, Change, Facts, escalation_refused
from keyfob.domain.identifiers import new_id
from keyfob.domain.pagination import Cursors, Page
from keyfob.errors import ScopeEscalation
from keyfob.model import Actor, Clock
from keyfob.store.audit import AuditEvent
from keyfob.store.audit_filter import AuditFilter
from keyfob.store.store import Store

COALESCED_MS = 3_600_000
"""Of what an actor attempts in vain, again and again within an hour, the first is an event."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which events are asked for; None asks for all.

    Attributes:
        since: at this time or later.
        until: before this time.
    """

    key_id: str | None = None
    actor_id: str | None = None
    action: AuditAction | None = None
    since: int | None = None
    until: int | None = None


class AuditTrail:
    """The events of all organisations; reading is confined to what the actor may meet."""

    def __init__(
        self,
        store: Store,
        *,
        chains: AuditChains,
        clock: Clock,
        rng: random.Random,
        cursors: Cursors,
    ) -> None:
        self._store = store
        self._chains = chains
        self._clock = clock
        self._rng = rng
        self._cursors = cursors

    def append(self, actor: Actor, change: Change) -> None:
        """Add an event, within the transaction of the change: both become true, or neither."""
        self._append(actor, change)

    def append_once_an_hour(self, actor: Actor, change: Change) -> None:
        """Add an event, unless the actor did the like within the last hour."""
        self._append(actor, change, unless_within_ms=COALESCED_MS)

    @contextmanager
    def refused_escalation(
        self, actor: Actor, operation: str, key_id: str | None = None
    ) -> Generator[None]:
        """Enclose what may be refused as an escalation: the refusal becomes an event, too.

        Its transaction is its own, after that of the operation, which is undone with all it wrote.

        Args:
            actor: who attempts it.
            operation: the ``operationId``.
            key_id: what it is done to, unless that is yet to be made.
        """
        try:
            yield
        except ScopeEscalation as refusal:
            change = escalation_refused(actor, operation, key_id, refusal.details, self._clock())
            self._store.after_transaction(lambda: self._append_refusal(actor, change))
            raise

    def list(
        self, actor: Actor, question: AuditQuestion, *, limit: int, cursor: str | None
    ) -> Page[AuditEvent]:
        """Answer one page, newest first. Raises ValidationFailed for a cursor of another list."""
        asked = AuditFilter(
            actor.organization_id,
            actor.sites,
            key_id=question.key_id,
            actor_id=question.actor_id,
            action=question.action,
            since=question.since,
            until=question.until,
        )
        filters = (question.key_id, question.actor_id, question.action)
        times = (_text(question.since), _text(question.until))
        named = ("auditEvents", actor.organization_id, *filters, *times)
        start = self._cursors.read(cursor, *named)
        items = self._store.audit.page(asked, start, limit + 1)
        return self._cursors.page(items, limit, *named)

    def _append_refusal(self, actor: Actor, change: Change) -> None:
        try:
            self._append(actor, change, unless_within_ms=COALESCED_MS)
        except Exception:  # the refusal itself stands, and its answer must not turn into another
            log.exception("escalation_not_audited", request_id=actor.request_id)

    def _append(self, actor: Actor, change: Change, *, unless_within_ms: int = 0) -> None:
        # Who holds the end appends alone, and sees the like of his twin: of two, one is left out.
        event = _unlinked(actor, change, new_id("evt", self._rng))
        rows = self._store.audit
        with self._store.transaction():
            end = rows.hold_end(actor.organization_id)
            if unless_within_ms and rows.has_like(event, unless_within_ms):
                return
            if not rows.append(self._chains.linked(event, end), end):
                raise RuntimeError("the end of an audit chain moved while it was held")


def _unlinked(actor: Actor, change: Change, event_id: str) -> AuditEvent:
    return AuditEvent(
        organization_id=actor.organization_id,
        sequence=0,
        id=event_id,
        at=change.at,
        action=change.action.value,
        actor_type=actor.ref.type.value,
        actor_id=actor.ref.id,
        target_type=change.target_type.value,
        target_id=change.target_id,
        before=_json(change.before),
        after=_json(change.after),
        request_id=actor.request_id,
        hash="",
    )


def _json(facts: Facts | None) -> str | None:
    return None if facts is None else json.dumps(facts, separators=(",", ":"))


def _text(moment: int | None) -> str | None:
    return None if moment is None else str(moment)
