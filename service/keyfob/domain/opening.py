"""Keyfob opened over the store that the settings name, apart from all that answers HTTP."""

import random
import time

from argon2 import PasswordHasher

from keyfob.domain.api_keys import KeyPolicy
from keyfob.domain.keyfob import Keyfob
from keyfob.limits import Limiter, open_limiter
from keyfob.model import Clock, RateLimit
from keyfob.pepper import (
    demand_known_pepper,
    demand_pepper_of_shared_store,
    load_pepper,
    verify_pepper,
)
from keyfob.settings import Settings
from keyfob.spec import required_scope
from keyfob.store.database import open_database, store_errors
from keyfob.store.dialect import StoreDatabase, StoreNotOpened
from keyfob.store.migrate import migrate
from keyfob.store.store import Store
from keyfob.store.timing import Observe
from keyfob.usage import Recorder

DAY_MS = 86_400_000


def system_clock() -> int:
    """Answer the time now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def open_keyfob(  # noqa: PLR0913  what the mock and tests bring of their own
    settings: Settings,
    *,
    clock: Clock = system_clock,
    rng: random.Random | None = None,
    password_hasher: PasswordHasher | None = None,
    observe: Observe | None = None,
    limiter: Limiter | None = None,
    takes_published_values: bool = False,
    may_create: bool = True,
) -> Keyfob:
    """Open the store that the settings name, made and migrated if need be, and what works on it.

    Args:
        settings: checked.
        clock: the system's, unless a test or the mock sets the time.
        rng: the system's randomness, unless a test or the mock is to repeat itself.
        password_hasher: as slow as argon2-cffi recommends, but on one core only, so that a crowd at
            the door leaves the rest of the machine to others; unless a test is in a hurry.
        observe: is told how long statements of the store take.
        limiter: where the settings say, unless the mock is to begin anew.
        takes_published_values: never, but in the mock and in tests of what it serves.
        may_create: whether to make a store where there is none.

    Raises:
        StartRefused: with a sentence for the operator.
        Unavailable: the store does not answer.
    """
    demand_pepper_of_shared_store(settings)
    database = open_database(settings, observe)
    if not may_create:
        _demand_store(database)
    migrate(database)
    demand_known_pepper(settings, database)
    pepper = load_pepper(settings)
    verify_pepper(database, pepper)
    policy = KeyPolicy(
        prefix=settings.value_prefix,
        rotation_period_ms=settings.rotation_period_days * DAY_MS,
        max_keys=settings.max_keys_per_organization,
    )
    store = Store(database)
    return Keyfob(
        store,
        pepper=pepper,
        clock=clock,
        rng=rng or random.SystemRandom(),
        password_hasher=password_hasher or PasswordHasher(parallelism=1),
        limiter=open_limiter(settings, clock) if limiter is None else limiter,
        usage=Recorder(store, clock, scope_of=required_scope, trace_days=settings.trace_days),
        policy=policy,
        sign_in_limit=RateLimit(settings.sign_ins_per_minute, 60),
        takes_published_values=takes_published_values,
    )


def _demand_store(database: StoreDatabase) -> None:
    with store_errors():
        exists = database.exists()
    if not exists:
        raise StoreNotOpened(
            f"There is no store at {database.place}. Set DATABASE_URL, or go where it is."
        )
