"""The operations for gateways and sibling services.

``authorize`` is asked before every request of other services, so it builds its reply by hand.
"""

from keyfob.domain.gatekeeper import Verdict
from keyfob.domain.keyfob import Keyfob
from keyfob.model import Actor, scope_words
from keyfob.reply import Json, Judged, Reply
from keyfob.schemas.gatekeeping import asked_scope, verdict_json


def authorize(keyfob: Keyfob, actor: Actor, scope: str | None, site_id: str | None) -> Reply:
    """Say that the key that is calling may."""
    keyfob.gatekeeper.authorize(actor, asked_scope(scope), site_id)
    words = scope_words(actor.scopes)
    headers = {
        "X-Keyfob-Key-Id": actor.ref.id,
        "X-Keyfob-Organization-Id": actor.organization_id,
        "X-Keyfob-Scopes": " ".join(words),
    }
    body = {"keyId": actor.ref.id, "organizationId": actor.organization_id, "scopes": words}
    return Reply(200, body, headers)


def verify_api_key(keyfob: Keyfob, actor: Actor, body: Json) -> Reply:
    """Say what a key is worth that somebody sent to the caller."""
    scope, site_id = body.get("scope"), body.get("siteId")
    verdict = keyfob.gatekeeper.verify(actor, body["key"], asked_scope(scope), site_id)
    return Reply(200, verdict_json(verdict), judged=_judged(verdict, actor, scope))


def _judged(verdict: Verdict, actor: Actor, scope: str | None) -> Judged | None:
    credential = verdict.credential
    if credential is None or credential.key_id == actor.ref.id:
        return None
    return Judged(
        organization_id=credential.organization_id,
        key_id=credential.key_id,
        secret_version=credential.secret_version,
        code="OK" if verdict.refusal is None else verdict.refusal.code,
        scope=scope,
    )
