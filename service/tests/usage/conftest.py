"""A store with two keys, and recorders that write to it."""

from collections.abc import Callable, Iterator

import pytest
from world import START, SettableClock

from keyfob.model import (
    ALL_SCOPES,
    EVERY_SITE,
    ActorRef,
    ActorType,
    ApiKey,
    RateLimit,
)
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.dialect import StoreDatabase
from keyfob.store.migrate import migrate
from keyfob.store.store import Store
from keyfob.usage import Recorder

NewRecorder = Callable[..., Recorder]


@pytest.fixture
def new_store(store_environment: dict[str, str]) -> Iterator[Callable[..., Store]]:
    """Opens the store as another process would."""
    opened: list[StoreDatabase] = []

    def make(**changed: str) -> Store:
        settings = Settings.from_environment({**store_environment, **changed})
        opened.append(open_database(settings))
        migrate(opened[-1])
        return Store(opened[-1])

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def store(new_store: Callable[..., Store]) -> Store:
    made = new_store()
    made.organizations.insert("org_1", "Acme", START)
    for key_id in ("key_1", "key_2"):
        key = ApiKey(
            id=key_id,
            organization_id="org_1",
            name=key_id,
            description=None,
            scopes=ALL_SCOPES,
            sites=EVERY_SITE,
            rate_limit=RateLimit(),
            hint="kfb_…IvKx",
            secret_version=1,
            version=1,
            created_at=START,
            created_by=ActorRef(ActorType.OPERATOR, "operator"),
            updated_at=START,
        )
        with made.transaction():
            made.api_keys.insert(key, key_id.encode())
    return made


@pytest.fixture
def new_recorder(clock: SettableClock) -> NewRecorder:
    def make(store: Store, most_details: int = 20_000) -> Recorder:
        return Recorder(
            store,
            clock,
            scope_of={"listApiKeys": "keys:read"}.get,
            trace_days=7,
            most_details=most_details,
        )

    return make


@pytest.fixture
def recorder(store: Store, new_recorder: NewRecorder) -> Recorder:
    return new_recorder(store)
