"""The pepper is made once, kept secret, and recognised."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import keyfob
from keyfob.pepper import (
    PepperRefused,
    WrongPepper,
    demand_explicit_pepper,
    demand_known_pepper,
    load_pepper,
    pepper_check,
    pepper_file,
    verify_pepper,
)
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.dialect import StoreDatabase
from keyfob.store.migrate import migrate
from keyfob.store.tables import StoreSetting

PEPPER = "a pepper of no less than 32 characters"

FIRST_START = """
import sys
from keyfob.pepper import load_pepper, verify_pepper
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.dialect import StoreDatabase
from keyfob.store.migrate import migrate

print("ready", flush=True)
settings = Settings(database_url="sqlite:///" + sys.stdin.readline().rstrip())
pepper = load_pepper(settings)
database = open_database(settings)
migrate(database)
verify_pepper(database, pepper)
print(pepper.decode(), file=sys.stderr)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path}/keyfob.db")


@pytest.fixture
def database(settings: Settings) -> Iterator[StoreDatabase]:
    database = open_database(settings)
    migrate(database)
    yield database
    database.close()


def file_of(settings: Settings) -> Path:
    file = pepper_file(settings)
    assert file is not None
    return file


def test_a_store_that_lost_its_pepper_gets_no_other(
    settings: Settings, database: StoreDatabase
) -> None:
    demand_known_pepper(settings, database)
    verify_pepper(database, load_pepper(settings))
    demand_known_pepper(settings, database)
    file_of(settings).unlink()

    with pytest.raises(PepperRefused, match=r"is missing\. Restore it"):
        demand_known_pepper(settings, database)
    demand_known_pepper(replace(settings, pepper=PEPPER), database)


def test_an_explicit_pepper_is_taken_and_no_file_is_made(settings: Settings) -> None:
    assert load_pepper(replace(settings, pepper=PEPPER)) == PEPPER.encode()
    assert not file_of(settings).exists()


def test_a_missing_pepper_is_made_once_beside_the_database_for_its_owner_only(
    settings: Settings,
) -> None:
    pepper = load_pepper(settings)

    assert load_pepper(settings) == pepper
    assert len(pepper) >= 43
    assert file_of(settings) == Path(f"{settings.database_file}.pepper")
    assert file_of(settings).stat().st_mode & 0o777 == 0o600


def test_two_stores_have_two_peppers(tmp_path: Path) -> None:
    first, second = (Settings(database_url=f"sqlite:///{tmp_path}/{name}") for name in "ab")

    assert load_pepper(first) != load_pepper(second)


def test_a_made_pepper_is_announced_once_without_its_value(settings: Settings) -> None:
    with capture_logs() as logs:
        pepper = load_pepper(settings)
        load_pepper(settings)

    assert [(each["event"], each["file"]) for each in logs] == [
        ("pepper_created", str(file_of(settings)))
    ]
    assert pepper.decode() not in str(logs)


def test_the_file_of_a_made_pepper_can_be_named_as_the_explicit_one(settings: Settings) -> None:
    pepper = load_pepper(settings)

    explicit = Settings.from_environment({"KEYFOB_PEPPER_FILE": str(file_of(settings))})

    assert load_pepper(explicit) == pepper


def test_processes_that_start_at_once_on_nothing_agree_on_one_pepper(settings: Settings) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(keyfob.__file__).parents[1])}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST_START],
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
    for each in processes:
        assert each.stdin is not None
        each.stdin.write(f"{settings.database_file}\n")
        each.stdin.flush()
    outputs = [each.communicate(timeout=120) for each in processes]

    assert {errors for _, errors in outputs} == {load_pepper(settings).decode() + "\n"}
    assert sum("pepper_created" in logged for logged, _ in outputs) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_pepper_that_others_can_reach_is_refused_with_the_remedy(
    settings: Settings, mode: int
) -> None:
    load_pepper(settings)
    file_of(settings).chmod(mode)

    with pytest.raises(PepperRefused, match=rf"Run `chmod 600 {file_of(settings)}`"):
        load_pepper(settings)


def test_a_damaged_pepper_is_refused_rather_than_used(settings: Settings) -> None:
    load_pepper(settings)
    file_of(settings).write_bytes(b"")

    with pytest.raises(PepperRefused, match="is damaged"):
        load_pepper(settings)


def test_a_pepper_that_cannot_be_made_or_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "keyfob.db.pepper").mkdir()

    for name in ("absent/keyfob.db", "keyfob.db"):
        settings = Settings(database_url=f"sqlite:///{tmp_path}/{name}")
        with pytest.raises(PepperRefused, match=r"Mend that, or set KEYFOB_PEPPER\."):
            load_pepper(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LocalHost"])
def test_serving_on_loopback_needs_no_explicit_pepper(settings: Settings, host: str) -> None:
    demand_explicit_pepper(settings, host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "192.168.1.7", "128.0.0.1", "localhost.example", "127.0.0.1.example"],  # noqa: S104
)
def test_serving_off_loopback_demands_an_explicit_pepper(settings: Settings, host: str) -> None:
    with pytest.raises(PepperRefused, match="demands KEYFOB_PEPPER"):
        demand_explicit_pepper(settings, host)

    demand_explicit_pepper(replace(settings, pepper=PEPPER), host)


def test_a_store_takes_the_first_pepper_and_no_other(database: StoreDatabase) -> None:
    verify_pepper(database, PEPPER.encode())
    verify_pepper(database, PEPPER.encode())

    with pytest.raises(WrongPepper, match="Set KEYFOB_PEPPER to the old one"):
        verify_pepper(database, PEPPER.upper().encode())
    verify_pepper(database, PEPPER.encode())


def test_the_store_keeps_a_check_value_and_not_the_pepper(database: StoreDatabase) -> None:
    verify_pepper(database, PEPPER.encode())

    kept = [
        value for (value,) in StoreSetting.select(StoreSetting.value).tuples().execute(database)
    ]

    assert pepper_check(PEPPER.encode()) in kept
    assert not [value for value in kept if PEPPER in value]
