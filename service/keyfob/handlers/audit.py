"""The operation on the audit trail."""

from keyfob.domain.keyfob import Keyfob
from keyfob.model import Actor
from keyfob.reply import Reply
from keyfob.schemas.audit import audit_event_json, audit_question


def list_audit_events(
    keyfob: Keyfob,
    actor: Actor,
    *,
    key_id: str | None,
    actor_: str | None,
    action: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    cursor: str | None,
) -> Reply:
    """Answer a page of audit events."""
    question = audit_question(
        key_id=key_id, actor_id=actor_, action=action, since=since, until=until
    )
    page = keyfob.audit.list(actor, question, limit=limit, cursor=cursor)
    data = [audit_event_json(event) for event in page.items]
    return Reply(200, {"data": data, "nextCursor": page.next_cursor})
