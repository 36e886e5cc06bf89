"""``keyfob move-store``: everything arrives, and nothing half."""

import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from postgres_server import EMPTY, PostgresServer
from processes import Operator
from usage_records import record_of
from world import START

from keyfob.domain.commands import KeyDraft, SiteDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.organizations import operator_of
from keyfob.model import EVERY_SITE_IDS, RevokedReason, Scope
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.dialect import StoreInUse
from keyfob.store.migrate import migrate
from keyfob.store.moving import NotMoved, move_store
from keyfob.store.tables import TABLES, TracedRequest

pytestmark = pytest.mark.postgresql_only


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Somebody with a store in SQLite that has something in nearly every table."""
    operator = Operator(tmp_path)
    made = operator.organization()
    actor = operator_of(made.id)
    with operator.opened() as keyfob:
        site = keyfob.sites.create(actor, SiteDraft("HQ"))
        for number in range(30):
            draft = KeyDraft(f"Größe {number}", Scope.KEYS_READ, (site.id,))
            key, _ = keyfob.api_keys.create(actor, draft)
            keyfob.usage.record(record_of(key_id=key.id, organization_id=made.id, at=START))
            keyfob.api_keys.rotate(actor, key.id)
            if number % 3 == 0:
                keyfob.api_keys.revoke(actor, key.id, RevokedReason.COMPROMISED)
            if number % 6 == 0:
                keyfob.api_keys.delete(actor, key.id)
        keyfob.usage.flush()
    return operator


@pytest.fixture
def target(postgres: PostgresServer) -> Iterator[str]:
    name = postgres.new_database(EMPTY)
    yield postgres.url(name)
    postgres.drop(name)


@contextmanager
def served_there(operator: Operator, target: str) -> Generator[Keyfob]:
    pepper = operator.database.with_name(f"{operator.database.name}.pepper").read_text().strip()
    there = Operator(operator.folder, settings={"DATABASE_URL": target, "KEYFOB_PEPPER": pepper})
    with there.opened() as keyfob:
        yield keyfob


def counts(keyfob: Keyfob) -> dict[str, int]:
    return {each.__name__: each.select().count(keyfob.store.database) for each in TABLES}


def test_every_row_arrives_and_the_keys_work_there(operator: Operator, target: str) -> None:
    with operator.opened() as keyfob:
        actor = operator_of(keyfob.organizations.list()[0].id)
        key, _ = keyfob.api_keys.create(
            actor, KeyDraft("works there", Scope.KEYS_READ, EVERY_SITE_IDS)
        )
        _, value = keyfob.api_keys.rotate(actor, key.id)
        before = counts(keyfob)

    moved = operator.run("move-store", "--to", target)

    assert (moved.code, moved.err) == (0, "")
    assert f"{sum(before.values())} rows of {len(TABLES)} tables were read back" in moved.out
    assert "1 audit chains are whole." in moved.out
    assert f"KEYFOB_PEPPER_FILE={operator.database}.pepper" in moved.out
    with served_there(operator, target) as keyfob:
        assert counts(keyfob) == before
        found = keyfob.authentication.identify(value)
        assert found is not None
        assert found.secret_version == found.current_secret_version == 2
        keyfob.usage.record(record_of(key_id=found.key_id, organization_id=found.organization_id))
        keyfob.usage.flush()
        numbers = TracedRequest.select(TracedRequest.id).tuples().execute(keyfob.store.database)
        assert len({number for (number,) in numbers}) == before["TracedRequest"] + 1


def test_a_store_that_is_in_use_is_not_moved(operator: Operator, target: str) -> None:
    with operator.serving() as server:
        assert server.get("/readyz").is_success
        refused = operator.run("move-store", "--to", target, KEYFOB_BUSY_TIMEOUT_MS="100")
    assert (refused.code, refused.out) == (2, "")
    assert re.search(r"keyfob\.db is in use: stop the servers", refused.err)
    assert operator.run("move-store", "--to", target).code == 0


def test_what_is_in_use_there_is_left_alone(operator: Operator, target: str) -> None:
    assert operator.run("move-store", "--to", target).code == 0
    again = operator.run("move-store", "--to", target)
    assert (again.code, again.out) == (2, "")
    assert "There are organisations at the PostgreSQL database at" in again.err


def test_a_row_that_does_not_arrive_as_it_was_leaves_nothing(
    operator: Operator, target: str, postgres: PostgresServer
) -> None:
    there = open_database(Settings(database_url=target))
    with closing(there), closing(open_database(Settings(database_url=target))) as database:
        migrate(database)
        name = target.rpartition("/")[2]
        postgres.execute(
            "CREATE FUNCTION garble() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.name = 'garbled'; RETURN NEW; END $$",
            name,
        )
        postgres.execute(
            "CREATE TRIGGER garbles BEFORE INSERT ON site FOR EACH ROW EXECUTE FUNCTION garble()",
            name,
        )
        source = open_database(Settings(database_url=f"sqlite:///{operator.database}"))
        with closing(source), pytest.raises(NotMoved, match="1 rows of site were sent"):
            move_store(source, database)
        assert postgres.execute("SELECT count(*) FROM organization", name) == [(0,)]


def test_a_store_in_postgresql_is_in_use_while_a_session_of_ours_is_there(target: str) -> None:
    with (
        closing(open_database(Settings(database_url=target))) as one,
        closing(open_database(Settings(database_url=target))) as other,
    ):
        other.execute_sql("SELECT 1")
        with pytest.raises(StoreInUse), one.exclusively():
            pytest.fail("it was let in")
