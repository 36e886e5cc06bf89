"""The operations on deliveries."""

from keyfob.domain.keyfob import Keyfob
from keyfob.model import Actor
from keyfob.reply import Json, Reply
from keyfob.schemas.reception import collector_name, delivery_draft, delivery_json, entry_filter


def list_deliveries(
    keyfob: Keyfob,
    actor: Actor,
    *,
    site_id: str | None,
    status: str | None,
    q: str | None,
    limit: int,
    cursor: str | None,
) -> Reply:
    """Answer a page of deliveries."""
    asked = entry_filter(site_id=site_id, status=status, q=q)
    page = keyfob.deliveries.list(actor, asked, limit=limit, cursor=cursor)
    data = [delivery_json(delivery) for delivery in page.items]
    return Reply(200, {"data": data, "nextCursor": page.next_cursor})


def create_delivery(keyfob: Keyfob, actor: Actor, body: Json, idempotency_key: str | None) -> Reply:
    """Register a delivery."""
    draft = delivery_draft(body)

    def create() -> Reply:
        delivery = keyfob.deliveries.create(actor, draft)
        return Reply(201, delivery_json(delivery), {"Location": f"/v1/deliveries/{delivery.id}"})

    return keyfob.idempotency.once(
        actor,
        "createDelivery",
        idempotency_key,
        body,
        create=create,
        demand_may_create=lambda: keyfob.deliveries.demand_may_create(actor, draft),
    )


def get_delivery(keyfob: Keyfob, actor: Actor, delivery_id: str) -> Reply:
    """Answer a delivery."""
    return Reply(200, delivery_json(keyfob.deliveries.get(actor, delivery_id)))


def collect_delivery(keyfob: Keyfob, actor: Actor, delivery_id: str, body: Json | None) -> Reply:
    """Note that a delivery was collected."""
    delivery = keyfob.deliveries.collect(actor, delivery_id, collector_name(body))
    return Reply(200, delivery_json(delivery))
