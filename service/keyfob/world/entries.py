"""Entries of a reception's books, in the status that follows from their times."""

from dataclasses import asdict
from typing import Any

from keyfob.domain.authority import OPERATOR
from keyfob.domain.commands import EntryDraft
from keyfob.model import ActorRef, ActorType
from keyfob.reception import Delivery, Employee, EntryStatus, Visitor
from keyfob.reply import Json
from keyfob.schemas.reception import delivery_draft, employee_draft, visitor_draft
from keyfob.timestamps import format_timestamp


def visitor_of(item: Json, organization_id: str, now: int) -> Visitor:
    """Answer a visitor who is expected, there, or gone."""
    names = ("siteId", "name", "email", "company", "hostName", "purpose")
    expected_at = format_timestamp(item["expectedAt"].at(now))
    draft = visitor_draft(_members(item, names) | {"expectedAt": expected_at})
    came, left = _at(item, "checkedInAt", now), _at(item, "checkedOutAt", now)
    status = EntryStatus.EXPECTED if came is None else EntryStatus.CHECKED_IN
    return Visitor(
        **_entry(item, organization_id, draft, now, came, left),
        status=status if left is None else EntryStatus.CHECKED_OUT,
        checked_in_at=came,
        checked_out_at=left,
    )


def employee_of(item: Json, organization_id: str, now: int) -> Employee:
    """Answer an employee who is in or out."""
    draft = employee_draft(_members(item, ("siteId", "name", "email")))
    came, left = _at(item, "lastCheckedInAt", now), _at(item, "lastCheckedOutAt", now)
    is_in = came is not None and (left is None or left < came)
    return Employee(
        **_entry(item, organization_id, draft, now, came, left),
        status=EntryStatus.CHECKED_IN if is_in else EntryStatus.CHECKED_OUT,
        last_checked_in_at=came,
        last_checked_out_at=left,
    )


def delivery_of(item: Json, organization_id: str, now: int) -> Delivery:
    """Answer a delivery that waits or was collected."""
    names = ("siteId", "recipientName", "carrier", "trackingNumber")
    draft = delivery_draft(_members(item, names))
    collected_at = _at(item, "collectedAt", now)
    return Delivery(
        **_entry(item, organization_id, draft, now, collected_at),
        status=EntryStatus.RECEIVED if collected_at is None else EntryStatus.COLLECTED,
        collected_at=collected_at,
        collector_name=item.get("collectorName"),
    )


def _entry(
    item: Json, organization_id: str, draft: EntryDraft, now: int, *changed_at: int | None
) -> dict[str, Any]:
    created_at = item["createdAt"].at(now)
    creator = item.get("createdBy")
    return {
        **asdict(draft),
        "id": item["id"],
        "organization_id": organization_id,
        "created_at": created_at,
        "created_by": OPERATOR if creator is None else ActorRef(ActorType.API_KEY, creator),
        "updated_at": max(created_at, *(at for at in changed_at if at is not None), 0),
    }


def _members(item: Json, names: tuple[str, ...]) -> Json:
    return {name: item[name] for name in names if name in item}


def _at(item: Json, name: str, now: int) -> int | None:
    return item[name].at(now) if name in item else None
