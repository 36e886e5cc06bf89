"""Audit events in JSON."""

import json
from typing import Any, cast

from marshmallow import Schema, fields

from keyfob.domain.audit import AuditQuestion
from keyfob.domain.audit_changes import AuditAction
from keyfob.reply import Json
from keyfob.schemas.fields import Timestamp
from keyfob.store.audit import AuditEvent
from keyfob.timestamps import parse_timestamp


class Facts(fields.Field[str]):
    """Facts, which are kept as the API spells them."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Json | None:
        return None if value is None else json.loads(value)


class AuditEventSchema(Schema):
    """An event."""

    id = fields.String()
    at = Timestamp()
    action = fields.String()
    actor = fields.Function(lambda event: {"type": event.actor_type, "id": event.actor_id})
    target = fields.Function(lambda event: {"type": event.target_type, "id": event.target_id})
    before = Facts()
    after = Facts()
    request_id = fields.String(data_key="requestId")


_AUDIT_EVENT = AuditEventSchema()


def audit_event_json(event: AuditEvent) -> Json:
    """Answer an event as the resource ``AuditEvent``."""
    return cast("Json", _AUDIT_EVENT.dump(event))


def audit_question(
    *,
    key_id: str | None,
    actor_id: str | None,
    action: str | None,
    since: str | None,
    until: str | None,
) -> AuditQuestion:
    """Read the filters of listAuditEvents."""
    return AuditQuestion(
        key_id=key_id,
        actor_id=actor_id,
        action=None if action is None else AuditAction(action),
        since=None if since is None else parse_timestamp(since),
        until=None if until is None else parse_timestamp(until),
    )
