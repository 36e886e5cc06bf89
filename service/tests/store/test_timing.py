"""Statements are timed for those who want to know, failed ones too."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from keyfob.errors import Unavailable
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.migrate import migrate
from keyfob.store.store import Store

pytestmark = pytest.mark.sqlite_only

PATIENCE_MS = 100


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path}/keyfob.db", busy_timeout_ms=PATIENCE_MS)


@pytest.fixture
def observed() -> list[tuple[str, float]]:
    return []


@pytest.fixture
def store(settings: Settings, observed: list[tuple[str, float]]) -> Iterator[Store]:
    database = open_database(settings, lambda *seen: observed.append(seen))
    migrate(database)
    observed.clear()
    yield Store(database)
    database.close()


def test_each_statement_is_told_with_its_kind(
    store: Store, observed: list[tuple[str, float]]
) -> None:
    store.organizations.insert("org_1", "Acme", 0)
    store.ping()
    with store.transaction():
        store.organizations.insert("org_2", "Globex", 0)

    assert Counter(kind for kind, _ in observed) == {"read": 1, "begin": 1, "write": 2, "commit": 1}
    assert all(seconds > 0 for _, seconds in observed)


def test_wait_for_another_change_is_told_though_it_was_in_vain(
    store: Store, database_file: Path, observed: list[tuple[str, float]]
) -> None:
    with closing(sqlite3.connect(database_file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with suppress(Unavailable), store.transaction():
            pytest.fail("both were let in")

    ((kind, seconds),) = observed
    assert kind == "begin"
    assert seconds >= PATIENCE_MS / 1000
