"""The books that a reception keeps, and the steps that their entries can take."""

from typing import Final

from keyfob.domain.book import Book, Step
from keyfob.domain.commands import DeliveryDraft, EmployeeDraft, VisitorDraft
from keyfob.model import Actor
from keyfob.reception import Delivery, Employee, EntryStatus, Visitor


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


class Employees(Book[Employee, EmployeeDraft]):
    """Who works at a site, and whether they are in."""

    CHECK_IN: Final = Step(EntryStatus.CHECKED_OUT, EntryStatus.CHECKED_IN, "last_checked_in_at")
    CHECK_OUT: Final = Step(EntryStatus.CHECKED_IN, EntryStatus.CHECKED_OUT, "last_checked_out_at")

    def check_in(self, actor: Actor, employee_id: str) -> Employee:
        """Note that an employee is in. Raises NotFound, StateConflict."""
        return self._take(actor, employee_id, self.CHECK_IN)

    def check_out(self, actor: Actor, employee_id: str) -> Employee:
        """Note that an employee is out. Raises NotFound, StateConflict."""
        return self._take(actor, employee_id, self.CHECK_OUT)


class Deliveries(Book[Delivery, DeliveryDraft]):
    """What was delivered to a site, and whether it was collected."""

    COLLECT: Final = Step(EntryStatus.RECEIVED, EntryStatus.COLLECTED, "collected_at")

    def collect(
        self, actor: Actor, delivery_id: str, collector_name: str | None = None
    ) -> Delivery:
        """Note that somebody took a delivery. Raises NotFound, StateConflict."""
        return self._take(actor, delivery_id, self.COLLECT, collector_name=collector_name)
