"""Who may sign in, how often one may try, and what is remembered of failures."""

from dataclasses import dataclass, replace

import structlog

from keyfob.domain.admins import actor_of_admin
from keyfob.domain.audit import AuditTrail
from keyfob.domain.audit_changes import sign_in_failed
from keyfob.domain.passwords import Passwords
from keyfob.errors import RateLimited, SignInFailed
from keyfob.limits import Limiter, sign_in_name
from keyfob.model import Clock, RateLimit
from keyfob.store.admins import Admin
from keyfob.store.store import Store

LONGEST_CLIENT = 200
ADDRESSES_PER_ACCOUNT = 10
"""How many addresses it takes, each at its own limit, to use up the attempts at an account."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to sign in, or to prove once more who one is.

    Attributes:
        client: the address from which it comes.
        known_browser: what tells the browser from others, if the same admin has signed in there.
    """

    email: str
    password: str
    client: str
    request_id: str
    known_browser: str | None = None


class SignIns:
    """Judges attempts.

    Each is charged to its address, and what that lets through to its account. The account's limit
    is the one that strangers share, and so much higher that no single address can use it up. A
    browser in which the admin has signed in before has one of its own, so that not even many
    addresses keep anybody out.
    """

    def __init__(
        self,
        store: Store,
        *,
        passwords: Passwords,
        limiter: Limiter,
        limit: RateLimit,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._limiter = limiter
        self._limit = limit
        self._account_limit = replace(limit, requests=limit.requests * ADDRESSES_PER_ACCOUNT)
        self._clock = clock
        self._audit = audit

    def admin_of(self, attempt: Attempt) -> Admin:
        """Answer whose address and password these are.

        An unknown address costs what a wrong password costs, and is told no differently.

        Raises:
            RateLimited: too many attempts; this one was not looked at.
            SignInFailed.
        """
        self._charge(sign_in_name("from", attempt.client), self._limit)
        if attempt.known_browser is None:
            self._charge(sign_in_name("to", attempt.email.casefold()), self._account_limit)
        else:
            self._charge(sign_in_name("in", attempt.known_browser), self._limit)
        found = self._store.admins.find(attempt.email)
        admin, password_hash = found or (None, None)
        if self._passwords.match(password_hash, attempt.password) and admin is not None:
            return admin
        log.warning("sign_in_failed", request_id=attempt.request_id, client=attempt.client)
        if admin is not None:
            change = sign_in_failed(
                admin.id, admin.email, attempt.client[:LONGEST_CLIENT], self._clock()
            )
            self._audit.append_once_an_hour(actor_of_admin(admin, attempt.request_id), change)
        raise SignInFailed

    def _charge(self, name: str, limit: RateLimit) -> None:
        charge = self._limiter.charge(name, limit)
        if not charge.allowed:
            raise RateLimited(charge.retry_after_seconds)
