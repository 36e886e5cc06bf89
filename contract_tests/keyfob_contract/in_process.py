"""This service in this process, as a subject of the kit."""

import logging
import random
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from argon2 import PasswordHasher

from keyfob.app import create_app
from keyfob.domain.opening import open_keyfob
from keyfob.settings import Settings
from keyfob_contract.run.kit import Subject
from keyfob_contract.session.order import CannotJudge
from keyfob_contract.wire.asgi_target import AsgiTarget
from keyfob_contract.wire.clocks import SteppingClock


@contextmanager
def quiet_logs() -> Generator[None]:
    """Keep the service from logging: thousands of lines, of refusals that were asked for."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def service_in_process(seed: int = 1, database_url: str | None = None) -> Generator[Subject]:
    """Open the service over a store of its own, with a clock that does not wait, and close it.

    Args:
        seed: of what the service itself makes up.
        database_url: of a store in which there is nothing yet; None for a file.

    Raises:
        CannotJudge: there is something in it.
    """
    clock = SteppingClock()
    with quiet_logs(), TemporaryDirectory(prefix="keyfob-contract-") as folder:
        settings = Settings.from_environment(
            {
                "DATABASE_URL": database_url or f"sqlite:///{Path(folder, 'keyfob.db')}",
                "KEYFOB_PEPPER": "of a store that nobody keeps, for nothing",
                "KEYFOB_GUESSES_PER_MINUTE": str(1_000_000),  # deleted keys are tried all the time
            }
        )
        keyfob = open_keyfob(
            settings,
            clock=clock,
            rng=random.Random(seed),
            password_hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
        )
        if keyfob.organizations.any():
            keyfob.store.database.close()
            raise CannotJudge("--database-url names a store that is in use: name an empty one.")
        keys = [
            keyfob.organizations.create(name, f"admin@{name}.example").key_value
            for name in ("kit", "other")
        ]
        target = AsgiTarget(create_app(keyfob, settings), settle=keyfob.usage.flush)
        try:
            yield Subject("this process", target, clock, *keys)
        finally:
            target.close()
            keyfob.store.database.close()
