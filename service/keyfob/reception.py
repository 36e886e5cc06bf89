"""What the reception of a site keeps books on, as plain values: no I/O, no HTTP, no ORM.

Times are integers: milliseconds since 1970-01-01T00:00:00Z.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from keyfob.model import ActorRef, Position


class EntryStatus(StrEnum):
    """What an entry of a book can say, as the API spells it."""

    EXPECTED = "expected"
    CHECKED_IN = "checkedIn"
    CHECKED_OUT = "checkedOut"
    RECEIVED = "received"
    COLLECTED = "collected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the entries of all books have in common.

    Attributes:
        ID_PREFIX: of the ids of its kind.
        FIRST_STATUS: what an entry of its kind begins with.
        name: of the person whom it is about: of a delivery, the recipient.
    """

    ID_PREFIX: ClassVar[str]
    FIRST_STATUS: ClassVar[EntryStatus]

    id: str
    organization_id: str
    site_id: str
    name: str
    status: EntryStatus
    created_at: int
    created_by: ActorRef
    updated_at: int

    @property
    def position(self) -> Position:
        """Its place in a list."""
        return Position(self.created_at, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor(Entry):
    """Somebody who visits a site, once."""

    ID_PREFIX: ClassVar = "vis"
    FIRST_STATUS: ClassVar = EntryStatus.EXPECTED

    expected_at: int
    email: str | None = None
    company: str | None = None
    host_name: str | None = None
    purpose: str | None = None
    checked_in_at: int | None = None
    checked_out_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee(Entry):
    """Somebody who works at a site."""

    ID_PREFIX: ClassVar = "emp"
    FIRST_STATUS: ClassVar = EntryStatus.CHECKED_OUT

    email: str
    last_checked_in_at: int | None = None
    last_checked_out_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Entry):
    """Something that was delivered to a site."""

    ID_PREFIX: ClassVar = "dlv"
    FIRST_STATUS: ClassVar = EntryStatus.RECEIVED

    carrier: str
    tracking_number: str | None = None
    collector_name: str | None = None
    collected_at: int | None = None
