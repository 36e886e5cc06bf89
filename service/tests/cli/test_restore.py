"""``keyfob backup`` and ``restore``: what is kept comes back, and what has died does not."""

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from postgres_server import EMPTY, PostgresServer
from processes import Operator

from keyfob.domain.audit import AuditQuestion
from keyfob.domain.authority import operator_of
from keyfob.domain.commands import KeyDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import CredentialError
from keyfob.model import EVERY_SITE_IDS, RevokedReason, Scope

WORKS = "works"


@dataclass
class World:
    """A store, and values of its keys by the fate that awaits them."""

    operator: Operator
    organization_id: str = ""
    values: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def make(self, keyfob: Keyfob, *names: str) -> None:
        actor = operator_of(self.organization_id)
        for name in names:
            draft = KeyDraft(name, Scope.KEYS_READ, EVERY_SITE_IDS)
            key, self.values[name] = keyfob.api_keys.create(actor, draft)
            self.ids[name] = key.id

    def die(self) -> None:
        """Let each key that was backed up meet its fate."""
        actor = operator_of(self.organization_id)
        with self.operator.opened() as keyfob:
            keys, ids = keyfob.api_keys, self.ids
            self.values["rotated twice, first"] = self.values["rotated twice"]
            self.values["rotated twice, second"] = keys.rotate(actor, ids["rotated twice"])[1]
            self.values["rotated twice"] = keys.rotate(actor, ids["rotated twice"])[1]
            keys.revoke(actor, ids["revoked"], RevokedReason.COMPROMISED)
            keys.revoke(actor, ids["deleted"], RevokedReason.UNUSED)
            keys.delete(actor, ids["deleted"])
            keys.edit(actor, ids["expired"], {"expires_at": 1})
            keys.edit(actor, ids["renamed"], {"name": "another name"})
            self.make(keyfob, "made since")

    def judged(self) -> dict[str, str]:
        """Answer what becomes of each value."""
        with self.operator.opened() as keyfob:
            assert keyfob.audit_chains.verify(self.organization_id).flaw is None
            return {name: judged(keyfob, value) for name, value in self.values.items()}


def judged(keyfob: Keyfob, value: str) -> str:
    found = keyfob.authentication.identify(value)
    if found is None:
        return "API_KEY_INVALID"
    try:
        keyfob.authentication.demand_alive(found)
    except CredentialError as refusal:
        return refusal.code
    return WORKS


BEFORE = ("stays", "rotated twice", "revoked", "deleted", "expired", "renamed")
AFTERWARDS = {
    "stays": WORKS,
    "renamed": WORKS,
    "rotated twice": WORKS,
    "rotated twice, first": "API_KEY_ROTATED",
    "rotated twice, second": "API_KEY_ROTATED",
    "revoked": "API_KEY_REVOKED",
    "deleted": "API_KEY_INVALID",
    "expired": "API_KEY_EXPIRED",
    "made since": "API_KEY_INVALID",
}


@pytest.fixture
def world(new_operator: Callable[[], Operator]) -> World:
    world = World(new_operator())
    made = world.operator.organization()
    world.organization_id = made.id
    with world.operator.opened() as keyfob:
        world.make(keyfob, *BEFORE)
    return world


def demand_dead_is_dead(world: World, told: str) -> None:
    assert world.judged() == AFTERWARDS
    for deed in (
        "1 values replaced",
        "1 keys revoked",
        "1 keys deleted",
        "1 keys expired",
    ):
        assert deed in told
    with world.operator.opened() as keyfob:
        actor = operator_of(world.organization_id)
        assert keyfob.api_keys.get(actor, world.ids["renamed"]).name == "renamed"
        assert keyfob.api_keys.get(actor, world.ids["revoked"]).revoked_reason is (
            RevokedReason.COMPROMISED
        )
        events = keyfob.audit.list(actor, AuditQuestion(), limit=100, cursor=None).items
        assert sorted(e.action for e in events[:5]) == [
            "apiKey.deleted",
            "apiKey.revoked",
            "apiKey.revoked",
            "apiKey.rotated",
            "apiKey.updated",
        ]


@pytest.mark.sqlite_only
def test_a_backup_is_made_while_the_store_is_served_and_is_whole_or_not_there(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    with world.operator.serving() as server:
        assert server.get("/readyz").is_success
        made = world.operator.run("backup", str(file))
    again = world.operator.run("backup", str(file))
    nowhere = world.operator.run("backup", str(tmp_path / "no" / "where.db"))

    assert (made.code, made.err) == (0, "")
    assert "holds 1 organisations with 7 keys" in made.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("SELECT count(*) FROM api_key").fetchone() == (7,)
    assert (again.code, "is there already" in again.err) == (2, True)
    assert (nowhere.code, "cannot be written" in nowhere.err) == (2, True)


@pytest.mark.sqlite_only
def test_what_has_died_since_the_backup_is_dead_after_the_restoration(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    assert world.operator.run("backup", str(file)).code == 0
    world.die()

    restored = world.operator.run("restore", str(file))

    assert restored.code == 0, restored.err
    demand_dead_is_dead(world, restored.out)
    kept = [each.name for each in world.operator.folder.glob("keyfob.db.before-restore-*")]
    assert len(kept) == 1
    assert kept[0] in restored.out
    again = world.operator.run("restore", str(file))
    assert again.code == 0
    assert world.judged() == AFTERWARDS


@pytest.mark.sqlite_only
def test_a_store_that_is_served_or_a_backup_that_is_none_changes_nothing(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear backup, " * 1000)
    other = Operator(tmp_path)
    other.organization()
    assert world.operator.run("backup", str(file)).code == 0
    with world.operator.serving() as server:
        assert server.get("/readyz").is_success
        served = world.operator.run("restore", str(file), KEYFOB_BUSY_TIMEOUT_MS="100")
    none = world.operator.run("restore", str(letter))
    missing = world.operator.run("restore", str(tmp_path / "missing.db"))
    foreign = world.operator.run("restore", str(other.database))

    assert [each.code for each in (served, none, missing, foreign)] == [2, 2, 2, 2]
    assert "is in use: stop the servers" in served.err
    assert "No sound copy could be made" in none.err
    assert "There is no file" in missing.err
    assert "The pepper is not the one" in foreign.err
    assert not list(world.operator.folder.glob("*restor*"))
    assert set(world.judged().values()) == {WORKS}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("damage", ["gone", "garbled", "empty"])
def test_where_the_store_of_now_cannot_be_read_the_risk_must_be_taken_in_words(
    world: World, tmp_path: Path, damage: str
) -> None:
    file, store = tmp_path / "backup.db", world.operator.database
    assert world.operator.run("backup", str(file)).code == 0
    world.die()
    store.unlink()
    if damage == "garbled":
        store.write_bytes(b"\xff" * 100_000)
    if damage == "empty":
        assert world.operator.run("migrate").code == 0

    refused = world.operator.run("restore", str(file))
    accepted = world.operator.run("restore", str(file), "--accept-resurrected-keys")

    assert (refused.code, refused.out) == (2, "")
    assert "would come back to life" in refused.err
    assert "--accept-resurrected-keys" in refused.err
    assert accepted.code == 0
    assert world.judged()["revoked"] == WORKS


@pytest.mark.postgresql_only
def test_a_dump_of_postgresql_is_brought_up_before_it_is_served(
    world: World, postgres: PostgresServer, tmp_path: Path
) -> None:
    url = world.operator.url
    refused = world.operator.run("backup", str(tmp_path / "keyfob.dump"))
    assert (refused.code, refused.out) == (2, "")
    command = refused.err.partition("`")[2].partition("`")[0].split()
    assert command[:2] == ["pg_dump", "--format=custom"]
    dump = postgres.scratch("keyfob.dump")
    postgres.run(*command[:2], f"--file={dump}", url)
    world.die()

    restored = postgres.url(postgres.new_database(EMPTY))
    postgres.run("pg_restore", "--no-owner", f"--dbname={restored}", str(dump))
    told = world.operator.run("restore", restored)

    assert (told.code, told.err) == (0, "")
    assert "set DATABASE_URL to it" in told.out
    world.operator = world.operator.at(restored)
    demand_dead_is_dead(world, told.out)
