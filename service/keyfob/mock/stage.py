"""The service that the mock plays, and the way back to its beginning."""

import random
from dataclasses import replace
from pathlib import Path

from argon2 import PasswordHasher

from keyfob.domain.opening import open_keyfob
from keyfob.mock.clock import MockClock
from keyfob.mock.memory import Snapshot
from keyfob.mock.windows import ForgettableLimiter
from keyfob.settings import PUBLISHED_PREFIX, Settings
from keyfob.world import World, populate

PEPPER = "The mock keeps no secrets: its pepper is published with its values."


def mock_settings(settings: Settings, folder: Path) -> Settings:
    """Answer the settings with what is the mock's own: a store, a pepper, values, limits."""
    return replace(
        settings,
        database_url=f"sqlite:///{folder}/mock.db",
        pepper=PEPPER,
        value_prefix=PUBLISHED_PREFIX,
        limits=None,
        redis_url=None,
    )


class Stage:
    """Keyfob over a store of the mock's own that holds the well-known world.

    Every beginning is the same, the ids of what comes later included: they follow from the seed.
    Those of requests do so apart from all others, so that who polls shifts no others.
    """

    def __init__(self, settings: Settings, world: World, *, clock: MockClock, seed: int) -> None:
        self.world = world
        self.clock = clock
        self._seed = seed
        self._rng = random.Random(seed)  # noqa: S311  what is made here is published
        self._request_rng = random.Random()  # noqa: S311  seeded at each beginning
        self._limiter = ForgettableLimiter(clock)
        self.keyfob = open_keyfob(
            settings,
            clock=clock,
            rng=self._rng,
            password_hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
            limiter=self._limiter,
            takes_published_values=True,
        )
        self.keyfob.request_rng = self._request_rng
        self._empty = Snapshot(self.keyfob.store.database)
        self._begin()

    def begin_anew(self) -> None:
        """Make everything as it was after the start; nobody may be served meanwhile."""
        self.keyfob.usage.flush()  # into the old store, where it belongs
        self._empty.restore(self.keyfob.store.database)
        self._begin()

    def close(self) -> None:
        """Close this thread's connection."""
        self.keyfob.store.database.close()

    def _begin(self) -> None:
        self._rng.seed(self._seed)
        self._request_rng.seed(f"requests of {self._seed}")
        self.clock.restart()
        self._limiter.forget()
        populate(self.keyfob, self.world, PEPPER.encode())
