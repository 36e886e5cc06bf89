"""The books of a reception in JSON."""

from typing import cast

from marshmallow import Schema, fields

from keyfob.domain.commands import DeliveryDraft, EmployeeDraft, VisitorDraft
from keyfob.reception import Delivery, Employee, EntryStatus, Visitor
from keyfob.reply import Json
from keyfob.schemas.actors import ActorSchema
from keyfob.schemas.fields import Timestamp
from keyfob.store.reception import EntryFilter
from keyfob.timestamps import parse_timestamp


class EntrySchema(Schema):
    """What the entries of all books have in common."""

    id = fields.String()
    organization_id = fields.String(data_key="organizationId")
    site_id = fields.String(data_key="siteId")
    status = fields.String()
    created_at = Timestamp(data_key="createdAt")
    created_by = fields.Nested(ActorSchema, data_key="createdBy")
    updated_at = Timestamp(data_key="updatedAt")


class VisitorSchema(EntrySchema):
    """A visitor."""

    name = fields.String()
    email = fields.String()
    company = fields.String()
    host_name = fields.String(data_key="hostName")
    purpose = fields.String()
    expected_at = Timestamp(data_key="expectedAt")
    checked_in_at = Timestamp(data_key="checkedInAt")
    checked_out_at = Timestamp(data_key="checkedOutAt")


class EmployeeSchema(EntrySchema):
    """An employee."""

    name = fields.String()
    email = fields.String()
    last_checked_in_at = Timestamp(data_key="lastCheckedInAt")
    last_checked_out_at = Timestamp(data_key="lastCheckedOutAt")


class DeliverySchema(EntrySchema):
    """A delivery."""

    name = fields.String(data_key="recipientName")
    carrier = fields.String()
    tracking_number = fields.String(data_key="trackingNumber")
    collector_name = fields.String(data_key="collectorName")
    collected_at = Timestamp(data_key="collectedAt")


class VisitorCreateSchema(Schema):
    """The body of createVisitor."""

    site_id = fields.String(required=True, data_key="siteId")
    name = fields.String(required=True)
    email = fields.String(allow_none=True)
    company = fields.String(allow_none=True)
    host_name = fields.String(allow_none=True, data_key="hostName")
    purpose = fields.String(allow_none=True)
    expected_at = Timestamp(required=True, data_key="expectedAt")


class EmployeeCreateSchema(Schema):
    """The body of createEmployee."""

    site_id = fields.String(required=True, data_key="siteId")
    name = fields.String(required=True)
    email = fields.String(required=True)


class DeliveryCreateSchema(Schema):
    """The body of createDelivery."""

    site_id = fields.String(required=True, data_key="siteId")
    name = fields.String(required=True, data_key="recipientName")
    carrier = fields.String(required=True)
    tracking_number = fields.String(allow_none=True, data_key="trackingNumber")


class DeliveryCollectSchema(Schema):
    """The body of collectDelivery."""

    collector_name = fields.String(load_default=None, data_key="collectorName")


_VISITOR = VisitorSchema()
_VISITOR_CREATE = VisitorCreateSchema()
_EMPLOYEE = EmployeeSchema()
_EMPLOYEE_CREATE = EmployeeCreateSchema()
_DELIVERY = DeliverySchema()
_DELIVERY_CREATE = DeliveryCreateSchema()
_DELIVERY_COLLECT = DeliveryCollectSchema()


def visitor_json(visitor: Visitor) -> Json:
    """Answer a visitor as the resource ``Visitor``."""
    return cast("Json", _VISITOR.dump(visitor))


def visitor_draft(body: Json) -> VisitorDraft:
    """Read the body of createVisitor."""
    return VisitorDraft(**cast("Json", _VISITOR_CREATE.load(body)))


def employee_json(employee: Employee) -> Json:
    """Answer an employee as the resource ``Employee``."""
    return cast("Json", _EMPLOYEE.dump(employee))


def employee_draft(body: Json) -> EmployeeDraft:
    """Read the body of createEmployee."""
    return EmployeeDraft(**cast("Json", _EMPLOYEE_CREATE.load(body)))


def delivery_json(delivery: Delivery) -> Json:
    """Answer a delivery as the resource ``Delivery``."""
    return cast("Json", _DELIVERY.dump(delivery))


def delivery_draft(body: Json) -> DeliveryDraft:
    """Read the body of createDelivery."""
    return DeliveryDraft(**cast("Json", _DELIVERY_CREATE.load(body)))


def collector_name(body: Json | None) -> str | None:
    """Read the body of collectDelivery, which may be missing."""
    return cast("Json", _DELIVERY_COLLECT.load(body or {}))["collector_name"]


def entry_filter(
    *,
    site_id: str | None,
    status: str | None,
    q: str | None,
    expected_from: str | None = None,
    expected_until: str | None = None,
) -> EntryFilter:
    """Read the filters of a list."""
    return EntryFilter(
        site_id=site_id,
        status=None if status is None else EntryStatus(status),
        name_contains=q,
        expected_from=None if expected_from is None else parse_timestamp(expected_from),
        expected_until=None if expected_until is None else parse_timestamp(expected_until),
    )
