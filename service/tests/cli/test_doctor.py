"""``keyfob doctor`` names every problem with its remedy, and changes nothing."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from postgres_server import EMPTY, PostgresServer
from processes import Finished, Operator, outdate
from valkey_server import free_port


@pytest.fixture
def operator(new_operator: Callable[[], Operator]) -> Operator:
    operator = new_operator()
    operator.organization()
    return operator


def problems(finished: Finished) -> list[dict[str, Any]]:
    """Answer what was found wrong; the exit code has to tell."""
    told = json.loads(finished.out)
    found = [each for each in told["findings"] if each["remedy"] is not None]
    assert (finished.code, told["well"]) == (1 if found else 0, not found)
    return found


@pytest.fixture
def durable(operator: Operator, store_kind: str) -> Iterator[Operator]:
    """Somebody whose store outlives a crash, as those of most tests do not."""
    if store_kind == "sqlite":
        yield operator
        return
    server = PostgresServer()
    try:
        server.start()
        server.migrate_template()
        durable = operator.at(server.url(server.new_database()))
        durable.organization()
        yield durable
    finally:
        server.close()


@pytest.mark.both_stores
def test_where_all_is_well_it_says_of_what(durable: Operator, store_kind: str) -> None:
    told = durable.run("doctor")
    assert (told.code, told.err) == (0, "")
    lines = told.out.splitlines()
    assert all(line.startswith("ok       ") for line in lines)
    assert [line.split()[1] for line in lines] == [
        "settings:",
        "store:",
        "schema:",
        "store:",
        "pepper:",
        "clock:",
        "limiter:",
    ]
    assert "holds 1 organisations with 1 keys" in told.out
    assert ("is shared, and counts" in told.out) == (store_kind == "postgresql")


@pytest.mark.parametrize(
    ("settings", "about", "told", "remedy"),
    [
        ({"KEYFOB_PEPER": "x"}, "settings", "is not a setting", "README"),
        ({"KEYFOB_PEPPER": "x" * 32}, "pepper", "is not the one", "Set KEYFOB_PEPPER"),
        ({"KEYFOB_LIMITS": "shared"}, "limiter", "needs REDIS_URL", "name a Redis"),
        ({"DATABASE_URL": "sqlite:////no/where.db"}, "store", "there is none", "DATABASE_URL"),
    ],
    ids=["setting", "pepper", "limiter", "store"],
)
def test_what_is_set_wrongly_is_named_with_its_remedy(
    operator: Operator, settings: dict[str, str], about: str, told: str, remedy: str
) -> None:
    (found,) = problems(operator.run("doctor", "--json", **settings))
    assert found["about"] == about
    assert told in found["told"]
    assert remedy in found["told"] + found["remedy"]


def test_servers_that_are_down_are_named(operator: Operator) -> None:
    redis = f"redis://127.0.0.1:{free_port()}"
    (limiter,) = problems(operator.run("doctor", "--json", REDIS_URL=redis))
    assert limiter["remedy"] == "Start it, or mend REDIS_URL."

    url = f"postgresql://u:sesame@127.0.0.1:{free_port()}/d"
    finished = operator.run("doctor", "--json", DATABASE_URL=url, KEYFOB_LIMITS="process")
    (store,) = problems(finished)
    assert "does not answer: connection failed" in store["told"]
    assert "sesame" not in finished.out


@pytest.mark.sqlite_only
def test_a_file_that_others_read_or_that_is_damaged_or_newer_is_named(operator: Operator) -> None:
    operator.database.chmod(0o644)
    (readable,) = problems(operator.run("doctor", "--json"))
    assert readable["remedy"] == f"Run `chmod 600 {operator.database}`."
    operator.database.chmod(0o600)

    outdate(operator.database)
    (newer,) = problems(operator.run("doctor", "--json"))
    assert newer["about"] == "schema"
    assert "9999_from_the_future" in newer["told"]

    os.truncate(operator.database, 20_000)
    assert problems(operator.run("doctor", "--json"))


@pytest.mark.sqlite_only
def test_a_lost_pepper_is_named_and_no_other_is_made(operator: Operator) -> None:
    pepper = operator.database.with_name("keyfob.db.pepper")
    pepper.unlink()
    (lost,) = problems(operator.run("doctor", "--json"))
    assert lost["about"] == "pepper"
    assert not pepper.exists()


@pytest.mark.postgresql_only
def test_a_server_that_may_forget_what_it_confirmed_is_named(
    operator: Operator, postgres: PostgresServer
) -> None:
    told = problems(operator.run("doctor", "--json", KEYFOB_DATABASE_CONNECTIONS="100"))
    assert [each["told"].split()[0] for each in told] == ["fsync", "full_page_writes"]

    name = postgres.new_database(EMPTY)
    (none,) = problems(operator.run("doctor", "--json", DATABASE_URL=postgres.url(name)))
    assert "there is none yet at the PostgreSQL database" in none["told"]
