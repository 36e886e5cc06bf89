"""Sessions at the dashboard: where admins have signed in, and how long that holds."""

import hmac
import random
from hashlib import sha256

from keyfob.domain.secret_value import ALPHABET
from keyfob.model import Clock
from keyfob.store.admin_sessions import AdminSession, Lifetime
from keyfob.store.admins import Admin
from keyfob.store.store import Store

IDLE_MS = 30 * 60_000
ABSOLUTE_MS = 12 * 3_600_000
PROVEN_MS = 15 * 60_000
"""For how long a password counts as just given."""

LABEL = b"keyfob admin sessions, version 1"
COOKIE_LABEL = b"keyfob cookies of browsers, version 1"
TOKEN_CHARACTERS = 43  # of base62: 256 bits


class AdminSessions:
    """Begins, finds and ends sessions. What the browser holds, a token, is kept nowhere.

    Attributes:
        cookie_secret: with which the cookies of browsers are signed.
    """

    def __init__(self, store: Store, pepper: bytes, clock: Clock, rng: random.Random) -> None:
        self._store = store
        self._secret = hmac.digest(pepper, LABEL, sha256)
        self.cookie_secret = hmac.digest(pepper, COOKIE_LABEL, sha256)
        self._clock = clock
        self._rng = rng

    def begin(self, admin: Admin) -> str:
        """Begin a session for an admin who has just given the password; the answer is its token."""
        token = "".join(self._rng.choice(ALPHABET) for _ in range(TOKEN_CHARACTERS))
        now = self._clock()
        with self._store.transaction():
            self._store.admin_sessions.delete_dead(_lifetime(now))
            self._store.admin_sessions.insert(self._digest(token), admin.id, now)
        return token

    def find(self, token: str) -> AdminSession | None:
        """Answer a session that lives, and let it live on."""
        digest, now = self._digest(token), self._clock()
        with self._store.transaction():
            if not self._store.admin_sessions.see(digest, _lifetime(now), now):
                return None
            return self._store.admin_sessions.find(digest, _lifetime(now))

    def is_proven(self, session: AdminSession) -> bool:
        """Say whether the password was given a short while ago."""
        return session.proven_at > self._clock() - PROVEN_MS

    def prove(self, session: AdminSession) -> None:
        """Note that the password was given again."""
        self._store.admin_sessions.prove(session.digest, self._clock())

    def end(self, session: AdminSession) -> None:
        """End a session: its token is worth nothing from now on."""
        self._store.admin_sessions.delete(session.digest)

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._secret, token.encode(), sha256)


def _lifetime(now: int) -> Lifetime:
    return Lifetime(began_after=now - ABSOLUTE_MS, seen_after=now - IDLE_MS)
