"""The operations on sites."""

from keyfob.domain.keyfob import Keyfob
from keyfob.model import Actor
from keyfob.reply import Json, Reply
from keyfob.schemas.sites import site_draft, site_json


def list_sites(keyfob: Keyfob, actor: Actor, limit: int, cursor: str | None) -> Reply:
    """Answer a page of sites."""
    page = keyfob.sites.list(actor, limit=limit, cursor=cursor)
    data = [site_json(site) for site in page.items]
    return Reply(200, {"data": data, "nextCursor": page.next_cursor})


def create_site(keyfob: Keyfob, actor: Actor, body: Json, idempotency_key: str | None) -> Reply:
    """Add a site."""

    def create() -> Reply:
        site = keyfob.sites.create(actor, site_draft(body))
        return Reply(201, site_json(site), {"Location": f"/v1/sites/{site.id}"})

    return keyfob.idempotency.once(
        actor,
        "createSite",
        idempotency_key,
        body,
        create=create,
        demand_may_create=lambda: keyfob.sites.demand_may_create(actor),
    )


def get_site(keyfob: Keyfob, actor: Actor, site_id: str) -> Reply:
    """Answer a site."""
    return Reply(200, site_json(keyfob.sites.get(actor, site_id)))
