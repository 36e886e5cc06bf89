"""The whole of what Keyfob decides, put together over one store."""

import hmac
import random
from hashlib import sha256

from argon2 import PasswordHasher

from keyfob.domain.admin_sessions import AdminSessions
from keyfob.domain.admins import Admins
from keyfob.domain.api_keys import ApiKeys, KeyPolicy
from keyfob.domain.audit import AuditTrail
from keyfob.domain.audit_chain import AuditChains
from keyfob.domain.authentication import Authentication
from keyfob.domain.gatekeeper import Gatekeeper
from keyfob.domain.idempotency import Idempotency
from keyfob.domain.organizations import Organizations
from keyfob.domain.pagination import Cursors
from keyfob.domain.passwords import Passwords
from keyfob.domain.reception import Deliveries, Employees, Visitors
from keyfob.domain.sign_ins import SignIns
from keyfob.domain.sites import SiteDirectory
from keyfob.domain.usage import UsageReports
from keyfob.limits import Limiter
from keyfob.model import Clock, RateLimit
from keyfob.store.store import Store
from keyfob.usage import Recorder

SIGN_IN_LIMIT = RateLimit(requests=10, window_seconds=60)


class Keyfob:
    """Everything that the API, the command line and the dashboard are clients of.

    Time and randomness come from outside: ``clock`` and ``rng`` are the system's, or a test's.

    Attributes:
        request_rng: makes the ids of requests; another one if these are to change no other ids.
    """

    def __init__(  # noqa: PLR0913  everything comes together here
        self,
        store: Store,
        *,
        pepper: bytes,
        clock: Clock,
        rng: random.Random,
        policy: KeyPolicy,
        password_hasher: PasswordHasher,
        limiter: Limiter,
        usage: Recorder,
        sign_in_limit: RateLimit = SIGN_IN_LIMIT,
        takes_published_values: bool = False,
    ) -> None:
        cursors = Cursors(hmac.digest(pepper, b"keyfob cursors, version 1", sha256))
        self.store = store
        self.clock = clock
        self.rng = rng
        self.request_rng = rng
        self.limiter = limiter
        self.usage = usage
        self.authentication = Authentication(
            store, pepper, clock, takes_published_values=takes_published_values
        )
        self.gatekeeper = Gatekeeper(store, self.authentication, limiter)
        self.idempotency = Idempotency(store, pepper, clock)
        self.audit_chains = AuditChains(store, pepper)
        self.audit = AuditTrail(
            store, chains=self.audit_chains, clock=clock, rng=rng, cursors=cursors
        )
        self.api_keys = ApiKeys(
            store,
            pepper=pepper,
            clock=clock,
            rng=rng,
            policy=policy,
            cursors=cursors,
            audit=self.audit,
            usage=usage,
        )
        self.usage_reports = UsageReports(store, self.api_keys, clock)
        self.sites = SiteDirectory(store, clock=clock, rng=rng, cursors=cursors, audit=self.audit)
        self.visitors = Visitors(store, store.visitors, clock=clock, rng=rng, cursors=cursors)
        self.employees = Employees(store, store.employees, clock=clock, rng=rng, cursors=cursors)
        self.deliveries = Deliveries(store, store.deliveries, clock=clock, rng=rng, cursors=cursors)
        passwords = Passwords(password_hasher, rng)
        self.admins = Admins(store, clock=clock, rng=rng, passwords=passwords, audit=self.audit)
        self.admin_sessions = AdminSessions(store, pepper, clock, rng)
        self.sign_ins = SignIns(
            store,
            passwords=passwords,
            limiter=limiter,
            limit=sign_in_limit,
            clock=clock,
            audit=self.audit,
        )
        self.organizations = Organizations(
            store,
            api_keys=self.api_keys,
            admins=self.admins,
            clock=clock,
            rng=rng,
            passwords=passwords,
            audit=self.audit,
        )
