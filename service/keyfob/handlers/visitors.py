"""The operations on visitors."""

from keyfob.domain.keyfob import Keyfob
from keyfob.model import Actor
from keyfob.reply import Json, Reply
from keyfob.schemas.reception import entry_filter, visitor_draft, visitor_json


def list_visitors(
    keyfob: Keyfob,
    actor: Actor,
    *,
    site_id: str | None,
    status: str | None,
    expected_from: str | None,
    expected_until: str | None,
    q: str | None,
    limit: int,
    cursor: str | None,
) -> Reply:
    """Answer a page of visitors."""
    asked = entry_filter(
        site_id=site_id,
        status=status,
        q=q,
        expected_from=expected_from,
        expected_until=expected_until,
    )
    page = keyfob.visitors.list(actor, asked, limit=limit, cursor=cursor)
    data = [visitor_json(visitor) for visitor in page.items]
    return Reply(200, {"data": data, "nextCursor": page.next_cursor})


def create_visitor(keyfob: Keyfob, actor: Actor, body: Json, idempotency_key: str | None) -> Reply:
    """Expect a visitor."""
    draft = visitor_draft(body)

    def create() -> Reply:
        visitor = keyfob.visitors.create(actor, draft)
        return Reply(201, visitor_json(visitor), {"Location": f"/v1/visitors/{visitor.id}"})

    return keyfob.idempotency.once(
        actor,
        "createVisitor",
        idempotency_key,
        body,
        create=create,
        demand_may_create=lambda: keyfob.visitors.demand_may_create(actor, draft),
    )


def get_visitor(keyfob: Keyfob, actor: Actor, visitor_id: str) -> Reply:
    """Answer a visitor."""
    return Reply(200, visitor_json(keyfob.visitors.get(actor, visitor_id)))


def check_in_visitor(keyfob: Keyfob, actor: Actor, visitor_id: str) -> Reply:
    """Note that an expected visitor has arrived."""
    return Reply(200, visitor_json(keyfob.visitors.check_in(actor, visitor_id)))


def check_out_visitor(keyfob: Keyfob, actor: Actor, visitor_id: str) -> Reply:
    """Note that a visitor has left."""
    return Reply(200, visitor_json(keyfob.visitors.check_out(actor, visitor_id)))
