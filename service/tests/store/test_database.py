"""The store is durable, private, takes one change at a time, and says when it is out of reach."""

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import peewee
import pytest

from keyfob.errors import Unavailable
from keyfob.settings import Settings
from keyfob.store.database import open_database, store_errors, transaction
from keyfob.store.dialect import StoreDatabase, StoreNotOpened
from keyfob.store.files import place_file
from keyfob.store.tables import StoreSetting

Open = Callable[..., StoreDatabase]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a store, %20 ours.db"


@pytest.fixture
def open_at() -> Iterator[Open]:
    opened: list[StoreDatabase] = []

    def open_at(file: Path, busy_timeout_ms: int = 100) -> StoreDatabase:
        url = f"sqlite:///{file}"
        opened.append(open_database(Settings(database_url=url, busy_timeout_ms=busy_timeout_ms)))
        return opened[-1]

    yield open_at
    for database in opened:
        database.close()


@pytest.fixture
def create_at(open_at: Open) -> Open:
    def create_at(file: Path, busy_timeout_ms: int = 100) -> StoreDatabase:
        database = open_at(file, busy_timeout_ms)
        database.create_if_missing()
        database.execute_sql("CREATE TABLE store_setting (name TEXT PRIMARY KEY, value NOT NULL)")
        database.execute_sql("CREATE TABLE child (name REFERENCES store_setting (name))")
        return database

    return create_at


@pytest.fixture
def database(create_at: Open, file: Path) -> StoreDatabase:
    return create_at(file)


def put(database: StoreDatabase, name: str) -> None:
    with transaction(database):
        StoreSetting.insert(name=name, value=0).execute(database)


def names(database: StoreDatabase) -> list[str]:
    with store_errors():
        query = StoreSetting.select(StoreSetting.name).order_by(StoreSetting.name).tuples()
        return [name for (name,) in query.execute(database)]


def names_in_a_new_thread(database: StoreDatabase) -> list[str]:
    with ThreadPoolExecutor(1) as pool:
        try:
            return pool.submit(names, database).result()
        finally:
            pool.submit(database.close).result()


def test_the_store_is_for_its_owner_only_whatever_the_umask(create_at: Open, file: Path) -> None:
    before = os.umask(0)
    try:
        put(create_at(file), "kept")
    finally:
        os.umask(before)

    made = sorted(file.parent.iterdir())
    assert [each.name.removeprefix(file.name) for each in made] == ["", "-shm", "-wal"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in made} == {0o600}


def test_every_threads_connection_is_durable_strict_and_patient(database: StoreDatabase) -> None:
    def pragmas() -> list[object]:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [database.execute_sql(f"PRAGMA {each}").fetchone()[0] for each in asked]

    full = 2
    with ThreadPoolExecutor(1) as pool:
        assert pragmas() == pool.submit(pragmas).result() == ["wal", full, 1, 100]
        pool.submit(database.close).result()


def test_an_existing_store_is_left_as_it_is(
    open_at: Open, file: Path, database: StoreDatabase
) -> None:
    put(database, "kept")

    open_at(file).create_if_missing()

    assert names(database) == ["kept"]


def test_opening_creates_nothing(open_at: Open, file: Path) -> None:
    with pytest.raises(Unavailable):
        names(open_at(file))

    assert not file.exists()


def test_a_store_that_went_away_is_an_outage_until_it_is_back(
    file: Path, database: StoreDatabase
) -> None:
    put(database, "kept")
    moved = file.rename(file.with_name("moved"))

    for read in (names, names_in_a_new_thread):
        with pytest.raises(Unavailable):
            read(database)
    with pytest.raises(Unavailable):
        put(database, "lost")
    assert not file.exists()

    moved.rename(file)
    assert names(database) == names_in_a_new_thread(database) == ["kept"]


def test_a_store_that_was_replaced_is_read_at_once_by_threads_that_knew_the_old(
    create_at: Open, file: Path, database: StoreDatabase
) -> None:
    put(database, "old")
    other = create_at(file.with_name("other"))
    put(other, "new")
    other.close()

    file.unlink()
    file.with_name(f"{file.name}-wal").unlink()
    file.with_name(f"{file.name}-shm").unlink()
    file.with_name("other").rename(file)

    assert names(database) == ["new"]


def test_a_change_that_fails_leaves_nothing(database: StoreDatabase) -> None:
    def fail_half_way() -> None:
        with transaction(database):
            put(database, "half")
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()

    assert names(database) == []


def test_changes_that_read_first_lose_no_update_of_one_another(create_at: Open, file: Path) -> None:
    database = create_at(file, busy_timeout_ms=60_000)
    put(database, "counter")
    start = threading.Barrier(4)

    def count() -> None:
        start.wait()
        for _ in range(25):
            with transaction(database):
                value = StoreSetting.select(StoreSetting.value).scalar(database)
                StoreSetting.update(value=int(value) + 1).execute(database)
        database.close()

    with ThreadPoolExecutor(4) as pool:
        for counting in [pool.submit(count) for _ in range(4)]:
            counting.result()

    assert int(StoreSetting.select(StoreSetting.value).scalar(database)) == 100


def test_a_change_that_waited_too_long_for_another_is_an_outage_and_reads_go_on(
    open_at: Open, file: Path, database: StoreDatabase
) -> None:
    with transaction(open_at(file)):
        with pytest.raises(Unavailable):
            put(database, "late")
        assert names(database) == []


def test_a_damaged_store_is_an_outage_also_while_rows_are_fetched(
    file: Path, database: StoreDatabase
) -> None:
    with transaction(database):
        for number in range(2000):
            StoreSetting.insert(name=f"{number:0100}", value=0).execute(database)
    database.close()
    whole = file.read_bytes()
    half = len(whole) // 2
    file.write_bytes(whole[:half] + b"\xff" * half)

    with store_errors():
        rows = iter(database.execute_sql("SELECT name FROM store_setting NOT INDEXED"))
        next(rows)
    with pytest.raises(Unavailable), store_errors():
        list(rows)
    database.close()

    file.write_bytes(b"\xff" * len(whole))
    with pytest.raises(Unavailable):
        names(database)


def test_a_broken_constraint_is_no_outage(database: StoreDatabase) -> None:
    put(database, "once")

    with pytest.raises(peewee.IntegrityError):
        put(database, "once")
    with pytest.raises(peewee.IntegrityError), transaction(database):
        database.execute_sql("INSERT INTO child VALUES ('nobody')")


def test_a_mistake_of_the_program_is_no_outage(database: StoreDatabase) -> None:
    with pytest.raises(peewee.ProgrammingError), store_errors():
        database.execute_sql("SELECT ?", (1, 2))
    with pytest.raises(sqlite3.ProgrammingError), store_errors():
        database.connection().execute("SELECT ?", (1, 2))


def test_what_cannot_be_the_store_stops_the_start_with_a_sentence(
    open_at: Open, tmp_path: Path
) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "letter").write_text("Dear store, " * 100)

    for file in (tmp_path / "directory", tmp_path / "letter", tmp_path / "absent" / "keys.db"):
        with pytest.raises(StoreNotOpened, match=r"which DATABASE_URL names, cannot be the store"):
            open_at(file).create_if_missing()


def test_of_many_that_place_a_file_one_does_and_it_is_whole(file: Path) -> None:
    start = threading.Barrier(8)
    contents = [bytes([65 + number]) * 100_000 for number in range(8)]

    def place(content: bytes) -> bool:
        start.wait()
        return place_file(file, content)

    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(place, contents))

    assert placed.count(True) == 1
    assert file.read_bytes() == contents[placed.index(True)]
    assert list(file.parent.iterdir()) == [file]
