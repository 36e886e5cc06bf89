"""Verdicts and authorisations in JSON."""

from typing import Any, cast

from marshmallow import Schema, fields, post_dump

from keyfob.domain.gatekeeper import Verdict
from keyfob.errors import RateLimited
from keyfob.model import SCOPE_BY_WORD, Scope
from keyfob.reply import Json
from keyfob.schemas.fields import Scopes, SiteIds, Timestamp

VALID = "VALID"


class KnownKeySchema(Schema):
    """What may be told of a key to whoever may see it."""

    key_id = fields.String(data_key="keyId")
    organization_id = fields.String(data_key="organizationId")
    scopes = Scopes()
    sites = SiteIds(data_key="siteIds")
    expires_at = Timestamp(data_key="expiresAt")


class VerdictSchema(Schema):
    """A ``Verdict``."""

    valid = fields.Function(lambda verdict: verdict.refusal is None)
    code = fields.Function(
        lambda verdict: VALID if verdict.refusal is None else verdict.refusal.code
    )
    credential = fields.Nested(KnownKeySchema)

    @post_dump
    def flatten(self, members: Json, **_kwargs: Any) -> Json:
        """Put what is known of the key beside the verdict."""
        return members | (members.pop("credential") or {})


_VERDICT = VerdictSchema()


def verdict_json(verdict: Verdict) -> Json:
    """Answer a verdict as ``Verdict``."""
    body = cast("Json", _VERDICT.dump(verdict))
    if isinstance(verdict.refusal, RateLimited):
        body["retryAfter"] = verdict.refusal.retry_after_seconds
    return body


def asked_scope(word: str | None) -> Scope | None:
    """Read the scope that is asked about."""
    return None if word is None else SCOPE_BY_WORD[word]
