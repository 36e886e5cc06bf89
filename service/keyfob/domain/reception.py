"""The books that a reception keeps, and the steps that their entries can take."""

from typing import Final

from keyfob.domain.book import Book, Step
from keyfob.domain.commands import VisitorDraft
from keyfob.model import Actor
from keyfob.reception import EntryStatus, Visitor


class Visitors(Book[Visitor, VisitorDraft]):
    """Who is expected at a site, is there, or has left."""

    CHECK_IN: Final = Step(EntryStatus.EXPECTED, EntryStatus.CHECKED_IN, "checked_in_at")
    CHECK_OUT: Final = Step(EntryStatus.CHECKED_IN, EntryStatus.CHECKED_OUT, "checked_out_at")

    def check_in(self, actor: Actor, visitor_id: str) -> Visitor:
        """Note that an expected visitor has arrived. Raises NotFound, StateConflict."""
        return self._take(actor, visitor_id, self.CHECK_IN)

    def check_out(self, actor: Actor, visitor_id: str) -> Visitor:
        """Note that a visitor has left, for good. Raises NotFound, StateConflict."""
        return self._take(actor, visitor_id, self.CHECK_OUT)
