"""PostgreSQL keeps what it confirmed, and is told apart from one that is gone, frozen or busy."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import peewee
import pytest
from outages import PostgresOutages
from postgres_server import EMPTY, ON_POSTGRESQL, PostgresServer

from keyfob.errors import Unavailable
from keyfob.settings import Settings
from keyfob.store.database import open_database, store_errors, transaction
from keyfob.store.dialect import StoreDatabase, StoreNotOpened
from keyfob.store.statements import Statement, locking
from keyfob.store.tables import StoreSetting

pytestmark = pytest.mark.postgresql_only

Open = Callable[..., StoreDatabase]

WITHOUT_DRIVER = """
import sys
sys.modules["psycopg"] = None
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.dialect import StoreNotOpened
open_database(Settings())
try:
    open_database(Settings(database_url="postgresql://127.0.0.1/keyfob"))
except StoreNotOpened as refusal:
    print(refusal)
"""


@pytest.fixture
def open_store(store_environment: dict[str, str]) -> Iterator[Open]:
    """Opens the store as another process would, with settings of its own."""
    with ExitStack() as opened:

        def open_store(**changed: str) -> StoreDatabase:
            settings = Settings.from_environment({**store_environment, **changed})
            database = open_database(settings)
            opened.callback(database.close)
            return database

        yield open_store


@pytest.fixture
def database(open_store: Open) -> StoreDatabase:
    return open_store()


@pytest.fixture
def own_database(own_server: PostgresServer) -> Iterator[StoreDatabase]:
    url = own_server.url(own_server.new_database())
    environment = {"KEYFOB_STATEMENT_TIMEOUT_MS": "500", "KEYFOB_CONNECT_TIMEOUT_SECONDS": "2"}
    database = open_database(
        Settings.from_environment({"DATABASE_URL": url, **ON_POSTGRESQL, **environment})
    )
    yield database
    database.close()


def put(database: StoreDatabase, name: str) -> None:
    with transaction(database):
        StoreSetting.insert(name=name, value="0").execute(database)


def names(database: StoreDatabase) -> set[str]:
    with store_errors():
        return {
            name for (name,) in StoreSetting.select(StoreSetting.name).tuples().execute(database)
        }


def one(database: StoreDatabase, sql: str) -> Any:
    return database.execute_sql(sql).fetchone()[0]


def seconds_until_unavailable(work: Callable[[], object]) -> float:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        work()
    return time.monotonic() - began


def test_a_missing_driver_is_told_to_those_who_name_postgresql_and_to_nobody_else() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_DRIVER], capture_output=True, text=True, check=True
    )
    assert "pip install 'keyfob[postgresql]'" in finished.stdout


@pytest.mark.parametrize("rest", ["u:sesame%zz@h/d", "u:sesame@h/d?no_such_option=1"])
def test_an_address_that_could_be_none_is_told_and_not_repeated(rest: str) -> None:
    with pytest.raises(StoreNotOpened, match="DATABASE_URL is no address") as refusal:
        open_database(Settings(database_url=f"postgresql://{rest}"))
    assert "sesame" not in str(refusal.value)
    assert "sesame" not in repr(Settings(database_url=f"postgresql://{rest}"))


def test_whatever_the_role_prescribes_a_session_is_durable_and_sees_what_was_committed(
    postgres: PostgresServer, store_environment: dict[str, str], open_store: Open
) -> None:
    name = store_environment["DATABASE_URL"].rpartition("/")[2]
    for setting in ("synchronous_commit = off", "default_transaction_isolation = serializable"):
        postgres.execute(f"ALTER DATABASE {name} SET {setting}")
    database = open_store(KEYFOB_STATEMENT_TIMEOUT_MS="1234", KEYFOB_BUSY_TIMEOUT_MS="567")

    assert one(database, "SHOW synchronous_commit") == "on"
    assert one(database, "SHOW transaction_isolation") == "read committed"
    assert one(database, "SHOW statement_timeout") == "1234ms"
    assert one(database, "SHOW lock_timeout") == "567ms"
    postgres.execute(f"ALTER DATABASE {name} RESET ALL")
    postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = remote_apply")
    assert one(open_store(), "SHOW synchronous_commit") == "remote_apply"
    postgres.execute(f"ALTER DATABASE {name} RESET ALL")


def test_a_thread_holds_a_connection_for_a_statement_or_a_transaction_only(
    open_store: Open,
) -> None:
    database = open_store(KEYFOB_DATABASE_CONNECTIONS="1")
    put(database, "first")
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(put, database, f"later {n}") for n in range(20)]:
            done.result()
    assert len(names(database)) == 21
    assert database.is_closed()


def test_threads_wait_for_a_connection_in_bounded_time(open_store: Open) -> None:
    database = open_store(KEYFOB_DATABASE_CONNECTIONS="1", KEYFOB_CONNECT_TIMEOUT_SECONDS="2")
    with ThreadPoolExecutor(1) as threads, transaction(database):
        waited = threads.submit(seconds_until_unavailable, lambda: names(database)).result()
    assert 2 <= waited < 4
    assert names(database) == set()


def test_a_change_that_fails_leaves_nothing(database: StoreDatabase) -> None:
    def fail_half_way() -> None:
        with transaction(database):
            StoreSetting.insert(name="half", value="0").execute(database)
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert names(database) == set()


def test_who_holds_a_row_loses_no_update_of_another(database: StoreDatabase) -> None:
    with transaction(database):
        StoreSetting.insert(name="counter", value="0").execute(database)
    held = Statement(database, locking(database, StoreSetting.select(StoreSetting.value)))

    def count() -> None:
        for _ in range(25):
            with transaction(database):
                (value,) = held.row() or ("",)
                StoreSetting.update(value=str(int(value) + 1)).execute(database)

    with ThreadPoolExecutor(4) as threads:
        for counting in [threads.submit(count) for _ in range(4)]:
            counting.result()
    assert one(database, "SELECT value FROM store_setting") == "100"


def test_a_change_that_waited_too_long_for_another_is_an_outage_and_reads_go_on(
    open_store: Open, outages: PostgresOutages
) -> None:
    database = open_store(KEYFOB_BUSY_TIMEOUT_MS="100")
    with outages.busy():
        assert seconds_until_unavailable(lambda: put(database, "late")) < 2
        assert names(database) == set()
    put(database, "later")
    assert names(database) == {"later"}


def test_a_statement_that_takes_too_long_is_an_outage(open_store: Open) -> None:
    database = open_store(KEYFOB_STATEMENT_TIMEOUT_MS="100")

    def sleep() -> None:
        with store_errors():
            database.execute_sql("SELECT pg_sleep(30)")

    assert seconds_until_unavailable(sleep) < 2
    assert names(database) == set()


def test_a_store_without_tables_or_that_may_only_be_read_is_an_outage(
    postgres: PostgresServer, database: StoreDatabase
) -> None:
    empty = postgres.new_database(EMPTY)
    without_tables = open_database(Settings(database_url=postgres.url(empty)))
    with pytest.raises(Unavailable):
        names(without_tables)
    assert not without_tables.exists()
    without_tables.close()
    postgres.drop(empty)

    def change_a_standby() -> None:
        with transaction(database):
            database.execute_sql("SET TRANSACTION READ ONLY")
            StoreSetting.insert(name="x", value="0").execute(database)

    with pytest.raises(Unavailable):
        change_a_standby()
    assert database.exists()


def test_connections_that_died_while_idle_are_replaced_unnoticed(
    database: StoreDatabase, outages: PostgresOutages
) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: put(database, str(number)), range(20)))
    with outages.gone(), pytest.raises(Unavailable):
        names(database)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: names(database), range(20)))
    assert [len(each) for each in found] == [20] * 20


def test_what_was_confirmed_outlives_a_crash_and_what_was_cut_off_is_wholly_there_or_not_at_all(
    own_server: PostgresServer, own_database: StoreDatabase
) -> None:
    confirmed: list[int] = []
    began = threading.Event()

    def put_pairs() -> None:
        for number in range(1_000_000):
            with transaction(own_database):
                for half in ("left", "right"):
                    StoreSetting.insert(name=f"{number} {half}", value="0").execute(own_database)
            confirmed.append(number)
            began.set()

    with ThreadPoolExecutor(1) as threads:
        putting = threads.submit(put_pairs)
        assert began.wait(20)
        own_server.crash()
        with pytest.raises(Unavailable):
            putting.result()
    assert seconds_until_unavailable(lambda: names(own_database)) < 1

    own_server.start()
    kept = names(own_database)
    lefts = {int(name.split()[0]) for name in kept if name.endswith("left")}
    rights = {int(name.split()[0]) for name in kept if name.endswith("right")}
    assert lefts == rights
    assert set(confirmed) <= lefts <= set(range(len(confirmed) + 1))


def test_nobody_waits_long_for_a_frozen_server_and_it_is_back_once_it_thaws(
    own_server: PostgresServer, own_database: StoreDatabase
) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: put(own_database, str(number)), range(8)))
        own_server.freeze()
        waited = [
            each.result()
            for each in [
                threads.submit(seconds_until_unavailable, lambda: names(own_database))
                for _ in range(40)
            ]
        ]
    # Those at work wait for an answer (1.5 s), one at a time for a new connection (2 s); the rest
    # is told at once.
    assert max(waited) < 4
    assert sorted(waited)[20] < 0.1

    own_server.thaw()
    deadline = time.monotonic() + 5
    found: set[str] = set()
    while not found and time.monotonic() < deadline:
        try:
            found = names(own_database)
        except Unavailable:
            time.sleep(0.05)
    assert found >= {str(number) for number in range(8)}


def test_audit_events_are_not_to_be_cut_off_either(database: StoreDatabase) -> None:
    with pytest.raises(peewee.IntegrityError, match="never changed and never removed"):
        database.execute_sql("TRUNCATE audit_event")
