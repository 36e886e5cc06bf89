"""The operations on API keys."""

from collections.abc import Mapping

from keyfob.domain.keyfob import Keyfob
from keyfob.errors import ApiKeyInvalid, NotFound
from keyfob.model import Actor, ApiKey, KeyStatus
from keyfob.reply import Json, Reply
from keyfob.schemas.api_keys import counts_json, key_draft, key_edit, key_json, revoked_reason
from keyfob.schemas.entity_tags import etag, matched_versions


def list_api_keys(
    keyfob: Keyfob,
    actor: Actor,
    *,
    status: str | None,
    site_id: str | None,
    q: str | None,
    limit: int,
    cursor: str | None,
) -> Reply:
    """Answer a page of keys."""
    page, counts = keyfob.api_keys.list(
        actor,
        status=None if status is None else KeyStatus(status),
        site_id=site_id,
        name_contains=q,
        limit=limit,
        cursor=cursor,
    )
    data = [key_json(view) for view in keyfob.api_keys.views(page.items)]
    body = {"data": data, "nextCursor": page.next_cursor, "counts": counts_json(counts)}
    return Reply(200, body)


def create_api_key(keyfob: Keyfob, actor: Actor, body: Json, idempotency_key: str | None) -> Reply:
    """Make a key; the reply is one of the two that show a value."""
    draft = key_draft(body)

    def create() -> Reply:
        key, value = keyfob.api_keys.create(actor, draft)
        location = {"Location": f"/v1/api-keys/{key.id}"}
        return _reply(keyfob, key, value=value, status=201, headers=location)

    return keyfob.idempotency.once(
        actor,
        "createApiKey",
        idempotency_key,
        body,
        create=create,
        demand_may_create=lambda: keyfob.api_keys.demand_may_create(actor, draft),
    )


def get_current_api_key(keyfob: Keyfob, actor: Actor) -> Reply:
    """Answer the key that is calling."""
    try:
        return _reply(keyfob, keyfob.api_keys.get(actor, actor.ref.id))
    except NotFound:  # deleted since it was authenticated
        raise ApiKeyInvalid from None


def get_api_key(keyfob: Keyfob, actor: Actor, key_id: str) -> Reply:
    """Answer a key."""
    return _reply(keyfob, keyfob.api_keys.get(actor, key_id))


def update_api_key(
    keyfob: Keyfob, actor: Actor, key_id: str, body: Json, if_match: str | None
) -> Reply:
    """Edit a key."""
    key = keyfob.api_keys.edit(actor, key_id, key_edit(body), matched_versions(if_match))
    return _reply(keyfob, key)


def rotate_api_key(keyfob: Keyfob, actor: Actor, key_id: str) -> Reply:
    """Replace a key's value; the reply is one of the two that show a value."""
    key, value = keyfob.api_keys.rotate(actor, key_id)
    return _reply(keyfob, key, value=value)


def revoke_api_key(keyfob: Keyfob, actor: Actor, key_id: str, body: Json | None) -> Reply:
    """Stop a key from working."""
    return _reply(keyfob, keyfob.api_keys.revoke(actor, key_id, revoked_reason(body)))


def reactivate_api_key(keyfob: Keyfob, actor: Actor, key_id: str) -> Reply:
    """Let a revoked key work again."""
    return _reply(keyfob, keyfob.api_keys.reactivate(actor, key_id))


def delete_api_key(keyfob: Keyfob, actor: Actor, key_id: str) -> Reply:
    """Forget a revoked key."""
    keyfob.api_keys.delete(actor, key_id)
    return Reply(204)


def _reply(
    keyfob: Keyfob,
    key: ApiKey,
    *,
    value: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    resource = _resource(keyfob, key)
    body = resource if value is None else {"key": value, **resource}
    return Reply(status, body, {"ETag": etag(key), **(headers or {})})


def _resource(keyfob: Keyfob, key: ApiKey) -> Json:
    return key_json(keyfob.api_keys.view(key))
