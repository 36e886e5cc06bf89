"""API keys in JSON."""

from typing import Any, cast

from marshmallow import Schema, fields, post_load

from keyfob.domain.api_keys import KeyView
from keyfob.domain.commands import KeyDraft, KeyEdit
from keyfob.model import RateLimit, RevokedReason
from keyfob.reply import Json
from keyfob.schemas.actors import ActorSchema
from keyfob.schemas.fields import Scopes, SiteIds, Timestamp
from keyfob.store.api_keys import KeyCounts


class RateLimitSchema(Schema):
    """How many requests in how long a window."""

    requests = fields.Integer()
    window_seconds = fields.Integer(data_key="windowSeconds")


class AdvisorySchema(Schema):
    """An ``Advisory``."""

    code = fields.String()
    message = fields.String()
    details = fields.Raw()


class ApiKeySchema(Schema):
    """A ``KeyView`` as the resource ``ApiKey``."""

    id = fields.String(attribute="key.id")
    organization_id = fields.String(attribute="key.organization_id", data_key="organizationId")
    name = fields.String(attribute="key.name")
    description = fields.String(attribute="key.description")
    scopes = Scopes(attribute="key.scopes")
    site_ids = SiteIds(attribute="key.sites", data_key="siteIds")
    status = fields.String()
    hint = fields.String(attribute="key.hint")
    secret_version = fields.Integer(attribute="key.secret_version", data_key="secretVersion")
    rate_limit = fields.Nested(RateLimitSchema, attribute="key.rate_limit", data_key="rateLimit")
    created_at = Timestamp(attribute="key.created_at", data_key="createdAt")
    created_by = fields.Nested(ActorSchema, attribute="key.created_by", data_key="createdBy")
    updated_at = Timestamp(attribute="key.updated_at", data_key="updatedAt")
    rotated_at = Timestamp(attribute="key.rotated_at", data_key="rotatedAt")
    rotation_due_at = Timestamp(data_key="rotationDueAt")
    expires_at = Timestamp(attribute="key.expires_at", data_key="expiresAt")
    revoked_at = Timestamp(attribute="key.revoked_at", data_key="revokedAt")
    revoked_reason = fields.String(attribute="key.revoked_reason", data_key="revokedReason")
    last_used_at = Timestamp(attribute="key.last_used_at", data_key="lastUsedAt")
    advisories = fields.List(fields.Nested(AdvisorySchema))


class KeyCountsSchema(Schema):
    """How many keys are in each state."""

    active = fields.Integer()
    expired = fields.Integer()
    revoked = fields.Integer()


class ApiKeyCreateSchema(Schema):
    """The body of createApiKey as a ``KeyDraft``."""

    name = fields.String(required=True)
    description = fields.String(allow_none=True)
    scopes = Scopes(required=True)
    site_ids = SiteIds(required=True, data_key="siteIds")
    expires_at = Timestamp(allow_none=True, data_key="expiresAt")
    rate_limit = fields.Nested(RateLimitSchema, data_key="rateLimit")

    @post_load
    def make(self, values: dict[str, Any], **_kwargs: Any) -> KeyDraft:
        """Turn the members into the command."""
        if "rate_limit" in values:
            values["rate_limit"] = RateLimit(**values["rate_limit"])
        return KeyDraft(**values)


class ApiKeyUpdateSchema(Schema):
    """The body of updateApiKey as a ``KeyEdit``."""

    name = fields.String()
    description = fields.String(allow_none=True)
    scopes = Scopes()
    site_ids = SiteIds(data_key="siteIds")
    expires_at = Timestamp(allow_none=True, data_key="expiresAt")
    rate_limit = fields.Nested(RateLimitSchema, allow_none=True, data_key="rateLimit")


class ApiKeyRevokeSchema(Schema):
    """The body of revokeApiKey."""

    reason = fields.Enum(RevokedReason, by_value=True, load_default=RevokedReason.OTHER)


_API_KEY = ApiKeySchema()
_KEY_COUNTS = KeyCountsSchema()
_API_KEY_CREATE = ApiKeyCreateSchema()
_API_KEY_UPDATE = ApiKeyUpdateSchema()
_API_KEY_REVOKE = ApiKeyRevokeSchema()


def key_json(view: KeyView) -> Json:
    """Answer a key as the resource ``ApiKey``."""
    return cast("Json", _API_KEY.dump(view))


def counts_json(counts: KeyCounts) -> Json:
    """Answer counts as ``ApiKeyCounts``."""
    return cast("Json", _KEY_COUNTS.dump(counts))


def key_draft(body: Json) -> KeyDraft:
    """Read the body of createApiKey."""
    return cast("KeyDraft", _API_KEY_CREATE.load(body))


def key_edit(body: Json) -> KeyEdit:
    """Read the body of updateApiKey."""
    return cast("KeyEdit", _API_KEY_UPDATE.load(body))


def revoked_reason(body: Json | None) -> RevokedReason:
    """Read the body of revokeApiKey, which may be missing."""
    return cast("Json", _API_KEY_REVOKE.load(body or {}))["reason"]
