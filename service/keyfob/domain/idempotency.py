"""Creating once, however often it is attempted (draft-ietf-httpapi-idempotency-key-header)."""

import hmac
import json
from collections.abc import Callable
from hashlib import sha256

from keyfob.errors import IdempotencyConflict
from keyfob.model import Actor, Clock
from keyfob.reply import Json, Reply
from keyfob.store.idempotency import Attempt
from keyfob.store.store import Store

LABEL = b"keyfob idempotency, version 1"
REMEMBERED_MS = 86_400_000


class Idempotency:
    """Remembers the replies of creations for 24 hours, by actor and operation."""

    def __init__(self, store: Store, pepper: bytes, clock: Clock) -> None:
        self._store = store
        self._secret = hmac.digest(pepper, LABEL, sha256)
        self._clock = clock

    def once(
        self,
        actor: Actor,
        operation: str,
        key: str | None,
        body: Json,
        *,
        create: Callable[[], Reply],
        demand_may_create: Callable[[], None],
    ) -> Reply:
        """Create, or answer as the first time. Only successes are remembered; twins wait.

        Args:
            demand_may_create: refuses as ``create`` would whoever holds too little: an actor may
                hold less than at the first time, and is told nothing of that before.

        Raises:
            IdempotencyConflict: the key came with another body, or the first reply held a value,
                which is not kept.
        """
        if key is None:
            return create()
        attempt = Attempt(actor.ref.id, operation, self._digest(key).hex())
        body_digest = self._digest(json.dumps(body, sort_keys=True))
        with self._store.transaction():
            now = self._clock()
            self._store.idempotency.forget(now - REMEMBERED_MS)
            before = self._store.idempotency.begin(attempt, body_digest, now)
            if before is None:
                reply = create()
                self._store.idempotency.finish(attempt, _remembered(reply))
                return reply
            demand_may_create()
        first_digest, text = before
        if not hmac.compare_digest(first_digest, body_digest):
            raise IdempotencyConflict(reason="different_body")
        return _repeated(json.loads(text))

    def _digest(self, text: str) -> bytes:
        # Not the text itself, which may be a key's value in the wrong header; and keyed, for a body
        # may be guessed from a plain digest.
        return hmac.digest(self._secret, text.encode(), sha256)


def _remembered(reply: Reply) -> str:
    body = dict(reply.body or {})
    if "key" in body:
        return json.dumps({"keyId": body["id"]})
    return json.dumps({"status": reply.status, "body": body, "headers": dict(reply.headers)})


def _repeated(remembered: Json) -> Reply:
    if "keyId" in remembered:
        raise IdempotencyConflict(reason="already_created", keyId=remembered["keyId"])
    return Reply(**remembered)
