"""The hash chain of an organisation's audit events, and what is wrong with it.

The hash of an event covers all its columns and the hash of the event before it, under a key that is
derived from the pepper: who can write to the store, but does not know the pepper, can change
nothing, take nothing out and put nothing in unnoticed. Only the latest events can be cut off, if
the organisation's own note of the end is set back, too; an end that was noted elsewhere tells.
"""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from keyfob.store.audit import AuditEvent, ChainEnd
from keyfob.store.store import Store

LABEL = b"keyfob audit chain, version 1"
BATCH = 1000

_HASHED = sorted(set(AuditEvent.__slots__) - {"hash"})

# A column that was tampered with may hold bytes, which JSON cannot.
_canonical = json.JSONEncoder(separators=(",", ":"), default=repr).encode


class FlawKind(StrEnum):
    """How a chain can be broken."""

    ALTERED = "altered"
    MISSING = "missing"
    MISPLACED = "misplaced"
    ADDED = "added"
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first place at which a chain is broken.

    Attributes:
        event_id: of the event that stands there, if one does.
        explanation: a sentence for people.
    """

    kind: FlawKind
    sequence: int
    event_id: str | None
    explanation: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found out about a chain.

    Attributes:
        end: of what is whole.
        flaw: what follows; None if nothing does.
    """

    organization_id: str
    end: ChainEnd
    flaw: Flaw | None


class AuditChains:
    """Links events to chains, and verifies them."""

    def __init__(self, store: Store, pepper: bytes) -> None:
        self._store = store
        self._key = hmac.digest(pepper, LABEL, sha256)

    def linked(self, event: AuditEvent, end: ChainEnd) -> AuditEvent:
        """Answer an event as the one that follows this end."""
        placed = replace(event, sequence=end.sequence + 1)
        return replace(placed, hash=self._hash(end.hash, placed))

    def verify(
        self,
        organization_id: str,
        expected: ChainEnd | None = None,
        on_progress: Callable[[int], None] = lambda _count: None,
    ) -> ChainReport:
        """Follow a chain to its end, or to its first flaw; others may append meanwhile.

        Args:
            organization_id: of an organisation, or of events whose organisation is gone.
            expected: an end that was noted before, which the chain must have come through.
            on_progress: is told how many further events were looked at.

        Raises:
            LookupError: there is neither such an organisation nor an event of it.
        """
        if not self._store.organizations.exists(organization_id):
            return self._orphaned(organization_id)
        end = ChainEnd()
        while True:
            # What the organisation says is read before the events: these can be ahead, not behind.
            claimed = self._store.audit.end(organization_id)
            after = end.sequence or None
            events = self._store.audit.chain(organization_id, after, BATCH)
            for event in events:
                flaw = self._flaw_of(event, end) or _broken_promise(event, expected)
                if flaw is not None:
                    return ChainReport(organization_id, end, flaw)
                end = ChainEnd(event.sequence, event.hash)
            if not events:
                flaw = _flaw_at_end(end, claimed, expected)
                return ChainReport(organization_id, end, flaw)
            on_progress(len(events))

    def _orphaned(self, organization_id: str) -> ChainReport:
        for first in self._store.audit.chain(organization_id, None, 1):
            explanation = (
                "no organisation has this id: the event was moved here, or the organisation was"
                " taken out"
            )
            flaw = Flaw(FlawKind.ORPHANED, first.sequence, first.id, explanation)
            return ChainReport(organization_id, ChainEnd(), flaw)
        raise LookupError("no such organisation")

    def _hash(self, previous: str, event: AuditEvent) -> str:
        message = previous + _canonical({name: getattr(event, name) for name in _HASHED})
        return hmac.digest(self._key, message.encode(), sha256).hex()

    def _follows(self, event: AuditEvent, end: ChainEnd) -> bool:
        return event.hash == self._hash(end.hash, event)

    def _flaw_of(self, event: AuditEvent, end: ChainEnd) -> Flaw | None:
        place = end.sequence + 1
        if event.sequence == place and self._follows(event, end):
            return None
        stands_there = event.id if event.sequence == place else None
        moved = self._find_follower(event.organization_id, end)
        if moved is not None and moved.sequence != place:
            explanation = (
                f"event {moved.id}, which belongs here, stands at {moved.sequence}: events were"
                " reordered, or one was put in"
            )
            return Flaw(FlawKind.MISPLACED, place, stands_there or moved.id, explanation)
        if event.sequence == place:
            explanation = "the event was altered, or the one that belongs here was taken out"
            if place == 1:
                explanation += ", or the pepper is not the one that the chain was made with"
            return Flaw(FlawKind.ALTERED, place, event.id, explanation)
        match event.sequence:
            case int(sequence) if sequence > place:
                return _missing(place, f"the next one is {sequence}")
            case nonsense:
                explanation = f"an event was put in at {nonsense}, where none can be"
                return Flaw(FlawKind.ADDED, place, event.id, explanation)

    def _find_follower(self, organization_id: str, end: ChainEnd) -> AuditEvent | None:
        """Answer the genuine event that follows this end, wherever it stands now."""
        after = None
        while events := self._store.audit.chain(organization_id, after, BATCH):
            for event in events:
                if self._follows(replace(event, sequence=end.sequence + 1), end):
                    return event
            after = events[-1].sequence
        return None


def _broken_promise(event: AuditEvent, expected: ChainEnd | None) -> Flaw | None:
    if expected is None or event.sequence != expected.sequence or event.hash == expected.hash:
        return None
    explanation = "the event is not the one that was the head when it was noted"
    return Flaw(FlawKind.ALTERED, event.sequence, event.id, explanation)


def _flaw_at_end(end: ChainEnd, claimed: ChainEnd, expected: ChainEnd | None) -> Flaw | None:
    if expected is not None and expected.sequence > end.sequence:
        return _missing(end.sequence + 1, f"the chain was noted when it had {expected.sequence}")
    if claimed.sequence > end.sequence:
        return _missing(end.sequence + 1, f"the organisation has had {claimed.sequence}")
    if claimed.sequence < end.sequence:
        explanation = f"there are {end.sequence} events, but the organisation has had fewer"
        return Flaw(FlawKind.ADDED, claimed.sequence + 1, None, explanation)
    if claimed != end:
        explanation = "the organisation's note of the chain's end was altered"
        return Flaw(FlawKind.ALTERED, end.sequence, None, explanation)
    if end.sequence == 0:
        return _missing(1, "every organisation begins with the one of its creation")
    return None


def _missing(sequence: int, clue: str) -> Flaw:
    return Flaw(FlawKind.MISSING, sequence, None, f"the event is not there, though {clue}")
