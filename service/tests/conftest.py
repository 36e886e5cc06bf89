"""A whole Keyfob in this process, on a store of its own, with a clock that tests set."""

import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import httpx
import pytest
from argon2 import PasswordHasher
from connexion.apps.flask import FlaskApp
from connexion.spec import OpenAPISpecification
from outages import Outages, PostgresOutages, SqliteOutages
from postgres_server import EMPTY, ON_POSTGRESQL, QUICK, PostgresServer
from processes import Operator
from valkey_server import ValkeyServer
from world import Api, Organization, SettableClock

from keyfob.app import create_app
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.opening import open_keyfob
from keyfob.settings import Settings

VALIDATE = "_validate_spec"


@pytest.fixture(scope="session", autouse=True)
def each_spec_is_validated_once() -> Iterator[None]:
    """Connexion validates the spec for each application, which takes longer than most tests."""
    validate: Callable[[Any], None] = getattr(OpenAPISpecification, VALIDATE)
    valid: list[Any] = []

    def validate_once(spec: Any) -> None:
        if spec not in valid:
            validate(spec)
            valid.append(copy.deepcopy(spec))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OpenAPISpecification, VALIDATE, staticmethod(validate_once))
        yield


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Say on which store a test runs: on both what is marked so, else on the one asked for.

    It is a parameter even where there is no choice: of a fixture that is shared by several tests
    pytest would else keep what belongs to the other store.
    """
    if "store_kind" not in metafunc.fixturenames:
        return
    marked = metafunc.definition.get_closest_marker
    asked = metafunc.config.getoption("store")
    if marked("sqlite_only"):
        kinds = ["sqlite"]
    elif marked("postgresql_only"):
        kinds = ["postgresql"]
    elif marked("both_stores") and asked is None:
        kinds = ["sqlite", "postgresql"]
    else:
        kinds = [asked or "sqlite"]
    ids = kinds if len(kinds) > 1 else [pytest.HIDDEN_PARAM]
    metafunc.parametrize("store_kind", kinds, ids=ids, scope="session")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server that nobody kills, with a database that is migrated, to make others from."""
    server = PostgresServer(*QUICK)
    try:
        server.start()
        server.migrate_template()
        yield server
    finally:
        server.close()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server to kill, which keeps on disk what it has confirmed."""
    server = PostgresServer()
    try:
        server.start()
        server.migrate_template()
        yield server
    finally:
        server.thaw()
        server.close()


@pytest.fixture
def store_environment(
    store_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[dict[str, str]]:
    """The settings that name a store, which is made for this test."""
    if store_kind == "sqlite":
        yield {"DATABASE_URL": f"sqlite:///{tmp_path}/keyfob.db"}
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.lent_database() as database:
        yield {"DATABASE_URL": server.url(database), **ON_POSTGRESQL}


@pytest.fixture(scope="session")
def shared_limits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A server that nobody kills."""
    server = ValkeyServer(tmp_path_factory.mktemp("valkey"))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def new_operator(
    store_kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[], Operator]:
    """Answers somebody with a store of their own; with PostgreSQL, limits are shared, too."""

    def make() -> Operator:
        folder = tmp_path_factory.mktemp("operator")
        if store_kind == "sqlite":
            return Operator(folder)
        server: PostgresServer = request.getfixturevalue("postgres")
        limits: ValkeyServer = request.getfixturevalue("shared_limits")
        return Operator(
            folder,
            settings={
                "DATABASE_URL": server.url(server.new_database()),
                "KEYFOB_PEPPER": ON_POSTGRESQL["KEYFOB_PEPPER"],
                "REDIS_URL": limits.url,
            },
        )

    return make


@pytest.fixture
def empty_store_environment(
    store_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[dict[str, str]]:
    """The settings that name a store of which there is nothing yet."""
    if store_kind == "sqlite":
        yield {"DATABASE_URL": f"sqlite:///{tmp_path}/keyfob.db"}
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    database = server.new_database(EMPTY)
    yield {"DATABASE_URL": server.url(database), **ON_POSTGRESQL}
    server.drop(database)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def max_keys() -> int:
    """How many keys an organisation may hold here."""
    return 50


@pytest.fixture
def settings(store_environment: dict[str, str], max_keys: int) -> Settings:
    return Settings.from_environment(
        {**store_environment, "KEYFOB_MAX_KEYS_PER_ORGANIZATION": str(max_keys)}
    )


@pytest.fixture
def outages(settings: Settings, request: pytest.FixtureRequest) -> Outages:
    """What can befall the store."""
    if (file := settings.database_file) is not None:
        return SqliteOutages(file)
    database = settings.database_url.rpartition("/")[2]
    return PostgresOutages(request.getfixturevalue("postgres"), database)


@pytest.fixture
def database_file(settings: Settings) -> Path:
    """The file of a store in SQLite."""
    assert settings.database_file is not None
    return settings.database_file


@pytest.fixture
def all_that_is_kept(settings: Settings, request: pytest.FixtureRequest) -> Callable[[], bytes]:
    """Answers everything that the store holds, as a thief would find it."""
    if (file := settings.database_file) is not None:
        return lambda: b"".join(each.read_bytes() for each in file.parent.iterdir())
    server: PostgresServer = request.getfixturevalue("postgres")

    def dumped() -> bytes:
        return server.run("pg_dump", settings.database_url).stdout.encode()

    return dumped


@pytest.fixture
def keyfob(settings: Settings, clock: SettableClock) -> Iterator[Keyfob]:
    opened = open_keyfob(
        settings,
        clock=clock,
        rng=random.Random(20260301),
        password_hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    )
    yield opened
    opened.store.database.close()


@pytest.fixture
def new_organization(keyfob: Keyfob) -> Callable[[str], Organization]:
    def make(name: str) -> Organization:
        made = keyfob.organizations.create(name, f"admin@{name.lower()}.example")
        return Organization(made.id, made.key.id, made.key_value)

    return make


@pytest.fixture
def acme(new_organization: Callable[[str], Organization]) -> Organization:
    return new_organization("Acme")


@pytest.fixture
def application(keyfob: Keyfob, settings: Settings) -> FlaskApp:
    return create_app(keyfob, settings)


@pytest.fixture
def flask_app(application: FlaskApp) -> flask.Flask:
    return application.app


@pytest.fixture
def http(application: FlaskApp) -> Iterator[httpx.Client]:
    with application.test_client(base_url="http://keyfob.example") as client:
        yield client


@pytest.fixture
def api(http: httpx.Client, acme: Organization) -> Api:
    """The API as Acme's key sees it, which holds every scope on every site."""
    return Api(http, acme.key)


@pytest.fixture
def other_api(http: httpx.Client, new_organization: Callable[[str], Organization]) -> Api:
    """The API as another organisation's key sees it, which holds everything there."""
    return Api(http, new_organization("Globex").key)


@pytest.fixture
def rng_of_a_guesser() -> random.Random:
    """Randomness that is not the service's."""
    return random.Random(666)
