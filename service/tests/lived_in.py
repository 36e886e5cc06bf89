"""An organisation that has been at work for months, as the pages of the dashboard show it best."""

import random
import time
from pathlib import Path

from argon2 import PasswordHasher
from world import DAY_MS, SettableClock

from keyfob.dashboard.access import READ, WRITE
from keyfob.domain.admins import actor_of_admin
from keyfob.domain.commands import KeyDraft, SiteDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.opening import open_keyfob
from keyfob.domain.sign_ins import Attempt
from keyfob.model import ALL_SCOPES, Actor, ApiKey, RevokedReason, Scope
from keyfob.settings import Settings
from keyfob.store.requests import TracedRequest
from keyfob.store.sightings import SightingKind
from keyfob.store.usage import Kind

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def lived_in(database: Path, *, admin_email: str, stranger_email: str, password: str) -> str:
    """Fill a store up to now, and answer the value of a key that may do everything.

    Args:
        database: where to make it.
        admin_email: of the organisation's admin.
        stranger_email: of the admin of another organisation, with nothing in it.
        password: of both.
    """
    now = time.time_ns() // 1_000_000
    clock = SettableClock()
    clock.now = now - 120 * DAY_MS
    keyfob = open_keyfob(
        Settings.from_environment({"DATABASE_URL": f"sqlite:///{database}"}),
        clock=clock,
        password_hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    )
    _founded(keyfob, "Globex", stranger_email, password)
    admin, value = _founded(keyfob, "Lindqvist Logistics", admin_email, password)
    with keyfob.store.transaction():  # of a thousand commits each would wait for the disk
        _Months(keyfob, admin, clock, now).pass_by()
    keyfob.store.database.close()
    return value


def _founded(keyfob: Keyfob, name: str, email: str, password: str) -> tuple[Actor, str]:
    made = keyfob.organizations.create(name, email)
    attempt = Attempt(email, made.admin_password, client="", request_id="req_1")
    admin = keyfob.sign_ins.admin_of(attempt)
    keyfob.admins.change_password(actor_of_admin(admin), admin, password)
    return actor_of_admin(admin), made.key_value


class _Months:
    def __init__(self, keyfob: Keyfob, admin: Actor, clock: SettableClock, now: int) -> None:
        self.keyfob = keyfob
        self.admin = admin
        self.clock = clock
        self.now = now
        self.random = random.Random(20260301)

    def pass_by(self) -> None:
        sites = [
            self.keyfob.sites.create(self.admin, SiteDraft(name, address)).id
            for name, address in (
                ("Hamburg office", "12 Speicherstrasse, Hamburg"),
                ("Berlin warehouse", "3 Westhafen, Berlin"),
                ("Vienna branch", None),
            )
        ]
        old = self.key("Old intranet", READ | WRITE, days=110)
        self.used(old, "Java/1.8", per_hour=30, ago_ms=21 * DAY_MS)
        self.used(self.key("hr-sync", READ | WRITE, days=75), "hr-sync/2.1", 900, 3 * MINUTE_MS)
        self.revoked(old, RevokedReason.COMPROMISED, days=20)
        self.revoked(self.key("Summer intern", READ, days=60), RevokedReason.TEMPORARY, days=30)
        self.key("Trade fair 2026", READ, days=50, expires=-3)
        doors = self.key("Access control", READ | WRITE, days=28, description="All doors")
        self.used(doors, "doors/3.2", per_hour=600, ago_ms=MINUTE_MS)
        lobby = Scope.VISITORS_READ | Scope.SITES_READ
        screen = self.key("Lobby screen", lobby, days=20, sites=(sites[0],))
        self.used(screen, "lobby-screen/1.4", per_hour=300, ago_ms=20_000)
        lockers = Scope.DELIVERIES_READ | Scope.DELIVERIES_WRITE
        boxes = self.key("Delivery lockers", lockers, days=18, sites=tuple(sites[:2]), expires=9)
        self.used(boxes, "okhttp/4.12", per_hour=120, ago_ms=7 * HOUR_MS)
        self.used(self.key("Gateway", Scope.KEYS_VERIFY, days=12), "envoy", 2000, 1000)
        self.used(self.key("Terraform", ALL_SCOPES, days=8), "terraform/1.9", 12, 2 * DAY_MS)
        self.rotated(doors, days=6)

    def key(
        self,
        name: str,
        scopes: Scope,
        *,
        days: int,
        sites: tuple[str, ...] = ("*",),
        expires: int | None = None,
        description: str | None = None,
    ) -> ApiKey:
        self.clock.now = self.now - days * DAY_MS
        expires_at = None if expires is None else self.now + expires * DAY_MS
        draft = KeyDraft(name, scopes, sites, description=description, expires_at=expires_at)
        key, _ = self.keyfob.api_keys.create(self.admin, draft)
        return key

    def used(self, key: ApiKey, agent: str, per_hour: int, ago_ms: int) -> None:
        """Let a key be used three hours a day, and refused now and then."""
        first = max(0, (self.now - key.created_at) // DAY_MS)
        for day in range(ago_ms // DAY_MS, min(first, 30)):
            for hours in (8, 11, 15):
                requests = self.random.randint(per_hour // 2, per_hour)
                self.count(key, day, hours, "OK", requests)
                if self.random.random() < 0.3:
                    self.count(key, day, hours, "RATE_LIMITED", 1 + requests // 9)
                if self.random.random() < 0.2:
                    self.count(key, day, hours, "NOT_FOUND", 1 + requests // 12)
        self.keyfob.store.usage.touch(key.id, self.now - ago_ms)
        for number in range(30):
            code = "NOT_FOUND" if number % 7 == 3 else "OK"
            self.trace(key, 1, ago_ms + number * 97_000, code, "192.0.2.17", agent)
        for word in ("visitors:read", "visitors:write", "employees:read", "employees:write"):
            used = SightingKind.SCOPE_USED
            self.keyfob.store.sightings.see(key.id, used, word, self.now - ago_ms)

    def rotated(self, key: ApiKey, *, days: int) -> None:
        """Rotate a key, which somebody does not notice."""
        self.clock.now = self.now - days * DAY_MS
        self.keyfob.api_keys.rotate(self.admin, key.id)
        self.clock.advance(seconds=7200)
        self.keyfob.api_keys.edit(self.admin, key.id, {"scopes": READ | WRITE | Scope.KEYS_VERIFY})
        code = "API_KEY_ROTATED"
        for day in range(days):
            self.count(key, day, 11, code, self.random.randint(90, 160))
        for number in range(12):
            ago_ms = 9 * MINUTE_MS + number * 300_000
            self.trace(key, 1, ago_ms, code, "198.51.100.7", "doors-legacy/1.0")
        seen_at = self.now - 9 * MINUTE_MS
        self.keyfob.store.sightings.see(key.id, SightingKind.DEAD_VALUE, code, seen_at)

    def revoked(self, key: ApiKey, reason: RevokedReason, *, days: int) -> None:
        self.clock.now = self.now - days * DAY_MS
        self.keyfob.api_keys.revoke(self.admin, key.id, reason)

    def count(self, key: ApiKey, day: int, hours: int, outcome: str, requests: int) -> None:
        hour = (self.now - day * DAY_MS) // HOUR_MS * HOUR_MS - hours * HOUR_MS
        self.keyfob.store.usage.count(key.id, Kind(hour, "listVisitors", "", outcome), requests)

    def trace(
        self, key: ApiKey, version: int, ago_ms: int, code: str, client: str, agent: str
    ) -> None:
        status = {"OK": 200, "NOT_FOUND": 404}.get(code, 401)
        request = TracedRequest(
            request_id=f"req_{self.random.randbytes(11).hex()}",
            organization_id=self.admin.organization_id,
            key_id=key.id,
            secret_version=version,
            judged=False,
            at=self.now - ago_ms,
            method="GET",
            path="/v1/visitors",
            operation="listVisitors",
            status=status,
            code=code,
            duration_us=1800,
            client=client,
            user_agent=agent,
        )
        self.keyfob.store.requests.insert([request])
