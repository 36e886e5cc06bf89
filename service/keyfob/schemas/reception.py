"""The books of a reception in JSON."""

from typing import cast

from marshmallow import Schema, fields

from keyfob.domain.commands import VisitorDraft
from keyfob.reception import EntryStatus, Visitor
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
    name = fields.String()
    status = fields.String()
    created_at = Timestamp(data_key="createdAt")
    created_by = fields.Nested(ActorSchema, data_key="createdBy")
    updated_at = Timestamp(data_key="updatedAt")


class VisitorSchema(EntrySchema):
    """A visitor."""

    email = fields.String()
    company = fields.String()
    host_name = fields.String(data_key="hostName")
    purpose = fields.String()
    expected_at = Timestamp(data_key="expectedAt")
    checked_in_at = Timestamp(data_key="checkedInAt")
    checked_out_at = Timestamp(data_key="checkedOutAt")


class EntryCreateSchema(Schema):
    """What every body that makes an entry has."""

    site_id = fields.String(required=True, data_key="siteId")
    name = fields.String(required=True)


class VisitorCreateSchema(EntryCreateSchema):
    """The body of createVisitor."""

    email = fields.String(allow_none=True)
    company = fields.String(allow_none=True)
    host_name = fields.String(allow_none=True, data_key="hostName")
    purpose = fields.String(allow_none=True)
    expected_at = Timestamp(required=True, data_key="expectedAt")


_VISITOR = VisitorSchema()
_VISITOR_CREATE = VisitorCreateSchema()


def visitor_json(visitor: Visitor) -> Json:
    """Answer a visitor as the resource ``Visitor``."""
    return cast("Json", _VISITOR.dump(visitor))


def visitor_draft(body: Json) -> VisitorDraft:
    """Read the body of createVisitor."""
    return VisitorDraft(**cast("Json", _VISITOR_CREATE.load(body)))


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
