"""What commands that work on the store begin and end with."""

from collections.abc import Generator
from contextlib import contextmanager

from keyfob.domain.keyfob import Keyfob
from keyfob.domain.opening import open_keyfob
from keyfob.domain.secret_value import masked
from keyfob.logs import configure_logs
from keyfob.settings import Settings


def read_settings() -> Settings:
    """Read the settings, and log as they say. Raises SettingsError."""
    settings = Settings.from_environment()
    configure_logs(settings.log_level, masked)
    return settings


@contextmanager
def opened_keyfob(*, may_create: bool = False) -> Generator[Keyfob]:
    """Open the store that the settings name, migrated if need be, and all that works on it.

    Args:
        may_create: the command is one that makes a store where there is none.

    Raises:
        StartRefused, Unavailable.
    """
    keyfob = open_keyfob(read_settings(), may_create=may_create)
    try:
        yield keyfob
    finally:
        keyfob.store.database.close()
