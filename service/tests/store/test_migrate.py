"""A store is brought up to the code once, however many processes start, or is refused."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from shutil import copytree, ignore_patterns

import peewee
import pytest
from playhouse.migrations import MigrationError
from playhouse.schema_diff import diff_models
from postgres_server import EMPTY, PostgresServer

import keyfob
from keyfob.errors import Unavailable
from keyfob.settings import Settings
from keyfob.store.database import open_database, transaction
from keyfob.store.dialect import StoreDatabase
from keyfob.store.migrate import MIGRATIONS, SchemaTooNew, SchemaTooOld, check_schema, migrate
from keyfob.store.tables import TABLES, ApiKey, ApiKeyValue, Organization

pytestmark = pytest.mark.both_stores

KNOWN = sorted(file.stem for file in MIGRATIONS.glob("[0-9]*.py"))

RENAME_NAME = """
def up(migrator, database):
    migrator.migrate(migrator.drop_not_null("organization", "name"))
"""

SERVED_FROM = 'SERVED_FROM = "{}"'

ADD_COLUMN = """
import peewee

def up(migrator, database):
    migrator.migrate(migrator.add_column("organization", "plan", peewee.TextField(null=True)))
"""

FORGET_ORGANIZATIONS = """
def up(migrator, database):
    database.execute_sql("DELETE FROM organization")
"""

FORGET_KEYS = FORGET_ORGANIZATIONS.replace("organization", "api_key")

FAIL_HALF_WAY = """
def up(migrator, database):
    database.execute_sql("CREATE TABLE half_way (id INTEGER)")
    raise RuntimeError
"""

MIGRATE_WHEN_TOLD = """
import sys
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.dialect import StoreDatabase
from keyfob.store.migrate import check_schema, migrate

print("ready", flush=True)
for line in sys.stdin:
    database = open_database(Settings(database_url=line.rstrip()))
    print(*migrate(database), "done", flush=True)
    check_schema(database)
    database.close()
"""


@pytest.fixture
def database(empty_store_environment: dict[str, str]) -> Iterator[StoreDatabase]:
    database = open_database(Settings.from_environment(empty_store_environment))
    yield database
    database.close()


@pytest.fixture
def new_empty_store(
    store_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], str]:
    """Answers the address of a store of which there is nothing yet, each time another."""
    if store_kind == "sqlite":
        numbers = count()
        return lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return lambda: server.url(server.new_database(EMPTY))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the migrations, for a Keyfob that is newer than this one."""
    return copytree(MIGRATIONS, tmp_path / "migrations", ignore=ignore_patterns("__pycache__"))


def add_key(database: StoreDatabase) -> None:
    times = {"created_at": 1, "updated_at": 1}
    creator = {"created_by_type": "operator", "created_by_id": "operator"}
    limit = {"rate_limit_requests": 1, "rate_limit_window_seconds": 1}
    rest = {"name_folded": "k", "scopes": 1, "all_sites": True, "secret_version": 1, "version": 1}
    Organization.insert(id="org_1", name="O", created_at=1).execute(database)
    ApiKey.insert(
        id="key_1", organization_id="org_1", name="K", hint="", **times, **creator, **limit, **rest
    ).execute(database)
    ApiKeyValue.insert(digest=b"d" * 32, key_id="key_1", secret_version=1).execute(database)


def schema(database: StoreDatabase) -> dict[str, object]:
    """What the two must agree on, as the store itself tells it."""
    return {
        table: (
            [(each.name, each.data_type, each.null) for each in database.get_columns(table)],
            database.get_primary_keys(table),
            {
                (each.name, *each.columns, each.unique)
                for each in database.get_indexes(table)
                if not each.name.startswith("sqlite_autoindex_")  # primary keys, compared above
            },
            {
                (each.column, each.dest_table, each.dest_column, each.on_delete)
                for each in database.get_foreign_keys(table)
            },
        )
        for table in database.get_tables()
        if table != "schema_migration"
    }


def test_the_tables_of_the_code_are_those_of_a_migrated_store(
    database: StoreDatabase, new_empty_store: Callable[[], str]
) -> None:
    migrate(database)
    from_code = open_database(Settings(database_url=new_empty_store()))
    from_code.create_if_missing()
    with from_code.bind_ctx(TABLES):
        from_code.create_tables(TABLES)
    in_code = schema(from_code)
    from_code.close()

    assert not diff_models(database, TABLES)
    assert schema(database) == in_code


def test_a_key_takes_its_values_along_and_an_organization_stays_while_it_has_keys(
    database: StoreDatabase,
) -> None:
    migrate(database)
    add_key(database)

    with pytest.raises(peewee.IntegrityError), transaction(database):
        Organization.delete().execute(database)
    ApiKey.delete().execute(database)

    assert not ApiKeyValue.select().exists(database)


@pytest.mark.sqlite_only
def test_digests_are_found_in_one_tree(database: StoreDatabase) -> None:
    migrate(database)

    with pytest.raises(peewee.OperationalError, match="no such column: rowid"):
        database.execute_sql("SELECT rowid FROM api_key_value")


def test_migrating_twice_does_nothing(database: StoreDatabase) -> None:
    assert migrate(database) == KNOWN
    add_key(database)

    assert migrate(database) == []

    check_schema(database)
    assert ApiKey.select().count(database) == 1


def test_any_number_of_processes_may_migrate_one_fresh_store_at_once(
    new_empty_store: Callable[[], str],
) -> None:
    rounds = [new_empty_store() for _ in range(5)]
    environment = {**os.environ, "PYTHONPATH": str(Path(keyfob.__file__).parents[1])}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE_WHEN_TOLD],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for url in rounds:
        for each in processes:
            assert each.stdin is not None
            each.stdin.write(f"{url}\n")
            each.stdin.flush()
    replies = [each.communicate(timeout=120) for each in processes]

    assert [errors for _, errors in replies] == [""] * 8
    by_round = zip(*(output.splitlines() for output, _ in replies), strict=True)
    expected = sorted([" ".join([*KNOWN, "done"])] + ["done"] * 7)
    assert [sorted(each) for each in by_round] == [expected] * len(rounds)


def test_a_newer_store_is_refused_with_both_versions_and_the_remedy(
    database: StoreDatabase, directory: Path
) -> None:
    (directory / "9999_later.py").write_text(SERVED_FROM.format("9999_later") + RENAME_NAME)
    assert migrate(database, directory) == [*KNOWN, "9999_later"]

    for refuse in (check_schema, migrate):
        with pytest.raises(SchemaTooNew) as refusal:
            refuse(database)
        sentence = str(refusal.value)
        assert "is at 9999_later, which Keyfob" in sentence
        assert f"up to {KNOWN[-1]}. Run the version" in sentence


def test_a_newer_store_to_which_something_was_only_added_is_served_side_by_side(
    database: StoreDatabase, directory: Path
) -> None:
    (directory / "9998_more.py").write_text(ADD_COLUMN)
    assert migrate(database, directory) == [*KNOWN, "9998_more"]

    assert migrate(database) == []
    check_schema(database)
    add_key(database)

    (directory / "9999_later.py").write_text(SERVED_FROM.format("9998_more") + RENAME_NAME)
    assert migrate(database, directory) == ["9999_later"]
    for refuse in (check_schema, migrate):
        with pytest.raises(SchemaTooNew):
            refuse(database)
    (directory / "9999_later.py").unlink()
    check_schema(database, directory)


def test_an_older_store_is_refused_with_what_it_lacks_and_the_remedy(
    database: StoreDatabase, directory: Path
) -> None:
    migrate(database)
    (directory / "9999_later.py").write_text(RENAME_NAME)

    with pytest.raises(SchemaTooOld, match=r"lacks 9999_later, .* Run `keyfob migrate`\."):
        check_schema(database, directory)


@pytest.mark.sqlite_only
def test_a_store_without_tables_is_too_old_and_one_without_a_file_an_outage(
    database: StoreDatabase,
) -> None:
    with pytest.raises(Unavailable):
        check_schema(database)
    database.create_if_missing()
    with pytest.raises(SchemaTooOld, match=KNOWN[0]):
        check_schema(database)


@pytest.mark.sqlite_only
def test_altering_a_table_deletes_nothing_that_refers_to_it(
    database: StoreDatabase, directory: Path
) -> None:
    migrate(database)
    add_key(database)
    (directory / "9999_later.py").write_text(
        RENAME_NAME.replace('"organization"', '"api_key"').replace('"name"', '"hint"')
    )

    migrate(database, directory)

    assert ApiKeyValue.select().count(database) == 1
    assert database.execute_sql("PRAGMA foreign_keys").fetchone() == (1,)


@pytest.mark.sqlite_only
def test_a_migration_that_breaks_references_is_undone(
    database: StoreDatabase, directory: Path
) -> None:
    migrate(database)
    add_key(database)
    (directory / "9999_later.py").write_text(FORGET_ORGANIZATIONS)

    with pytest.raises(MigrationError, match="refers to no row of organization"):
        migrate(database, directory)

    assert Organization.select().count(database) == 1
    check_schema(database)


@pytest.mark.sqlite_only
def test_references_that_dangled_before_are_no_migrations_fault(
    database: StoreDatabase, directory: Path
) -> None:
    migrate(database)
    add_key(database)
    database.execute_sql("PRAGMA foreign_keys = OFF")
    Organization.delete().execute(database)

    assert migrate(database, directory) == []
    (directory / "9999_later.py").write_text(RENAME_NAME)
    assert migrate(database, directory) == ["9999_later"]
    (directory / "9999_more.py").write_text(FORGET_KEYS)
    with pytest.raises(MigrationError, match="api_key_value that refers to no row of api_key"):
        migrate(database, directory)


def test_a_migration_that_fails_leaves_nothing_not_even_those_before_it(
    database: StoreDatabase, directory: Path
) -> None:
    (directory / "9999_later.py").write_text(FAIL_HALF_WAY)

    with pytest.raises(RuntimeError):
        migrate(database, directory)

    assert database.get_tables() == []
