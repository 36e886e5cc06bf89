"""A store that an earlier version has written is brought up to this one, with all that is in it."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from argon2 import PasswordHasher
from world import START

from keyfob.domain.audit import AuditQuestion
from keyfob.domain.commands import KeyDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.opening import open_keyfob
from keyfob.domain.secret_value import digest, new_value
from keyfob.model import EVERY_SITE_IDS, KeyStatus, Scope
from keyfob.pepper import load_pepper, pepper_check
from keyfob.settings import Settings
from keyfob.store.database import open_database
from keyfob.store.dialect import StoreDatabase
from keyfob.store.migrate import MIGRATIONS, check_schema, migrate

pytestmark = pytest.mark.both_stores

EARLIER = sorted(file.stem for file in MIGRATIONS.glob("[0-9]*.py"))[:-1]

TIMES = {"created_at": START, "updated_at": START}
OPERATOR = {"created_by_type": "operator", "created_by_id": "operator"}
KEY = {
    "organization_id": "org_1",
    "name_folded": "k",
    "scopes": int(Scope.KEYS_READ),
    "rate_limit_requests": 600,
    "rate_limit_window_seconds": 60,
    "hint": "kfb_…abcd",
    "version": 1,
    **TIMES,
    **OPERATOR,
}
ENTRY = {"organization_id": "org_1", "site_id": "site_1", "name_folded": "n", **TIMES, **OPERATOR}
REQUEST = {
    "organization_id": "org_1",
    "key_id": "key_1",
    "secret_version": 1,
    "judged": False,
    "at": START,
    "method": "GET",
    "path": "/v1/api-keys",
    "operation": "listApiKeys",
    "duration_us": 900,
    "client": "192.0.2.1",
    "user_agent": "curl/8",
}


def rows_of(migration: str) -> list[tuple[str, dict[str, Any]]]:
    """Answer what a version whose last migration this is has left in the tables that it made."""
    return {
        "0001": [
            ("organization", {"id": "org_1", "name": "O", "key_count": 2, "created_at": START}),
            (
                "admin",
                {
                    "id": "adm_1",
                    "organization_id": "org_1",
                    "email": "a@example.com",
                    "password_hash": "x",
                    "created_at": START,
                },
            ),
            (
                "site",
                {"id": "site_1", "organization_id": "org_1", "name": "HQ", "created_at": START},
            ),
            (
                "api_key",
                {"id": "key_1", "name": "K", "all_sites": True, "secret_version": 2, **KEY},
            ),
            (
                "api_key",
                {
                    "id": "key_2",
                    "name": "k",
                    "all_sites": False,
                    "secret_version": 1,
                    "revoked_at": START,
                    "revoked_reason": "unused",
                    **KEY,
                },
            ),
            ("api_key_site", {"key_id": "key_2", "site_id": "site_1"}),
        ],
        "0002": [
            (
                "usage_counter",
                {
                    "key_id": "key_1",
                    "hour": START,
                    "operation": "listApiKeys",
                    "scope": "",
                    "outcome": "OK",
                    "requests": 7,
                },
            ),
            (
                "api_key_sighting",
                {"key_id": "key_1", "kind": "scope_used", "name": "keys:read", "last_at": START},
            ),
            (
                "traced_request",
                {"request_id": "req_1", "status": 404, "code": "NOT_FOUND"} | REQUEST,
            ),
            ("deleted_key", {"key_id": "key_0", "organization_id": "org_1", "all_sites": False}),
            ("deleted_key_site", {"key_id": "key_0", "site_id": "site_1"}),
            (
                "idempotency",
                {
                    "actor_id": "key_1",
                    "operation": "createSite",
                    "key": "k",
                    "body_digest": b"\x00\xff",
                    "reply": "{}",
                    "created_at": START,
                },
            ),
        ],
        "0003": [
            (
                "visitor",
                {
                    "id": "vis_1",
                    "name": "N",
                    "status": "expected",
                    "expected_at": START,
                    **ENTRY,
                },
            ),
            (
                "employee",
                {"id": "emp_1", "name": "N", "status": "absent", "email": "e@example.com", **ENTRY},
            ),
            (
                "delivery",
                {"id": "del_1", "name": "N", "status": "waiting", "carrier": "Post", **ENTRY},
            ),
        ],
    }.get(migration[:4], [])


def insert(database: StoreDatabase, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(f'"{column}"' for column in row)
    places = ", ".join([database.param] * len(row))
    database.execute_sql(f"INSERT INTO {table} ({columns}) VALUES ({places})", [*row.values()])


def content(database: StoreDatabase, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
    named = ", ".join(f'"{column}"' for column in columns)
    rows = database.execute_sql(f"SELECT {named} FROM {table}").fetchall()
    return sorted(rows, key=repr)


class Written:
    """A store that was written by an earlier version."""

    def __init__(self, settings: Settings, last: str, folder: Path) -> None:
        known = [name for name in EARLIER if name <= last]
        for name in known:
            copy(MIGRATIONS / f"{name}.py", folder)
        database = open_database(settings)
        assert migrate(database, folder) == known
        pepper = load_pepper(settings)
        insert(database, "store_setting", {"name": "pepper_check", "value": pepper_check(pepper)})
        self.rows = [row for name in known for row in rows_of(name)]
        for table, row in self.rows:
            insert(database, table, row)
        self.old_value, self.value = (new_value("kfb", random.SystemRandom()) for _ in range(2))
        for version, value in enumerate((self.old_value, self.value), start=1):
            row = {"digest": digest(value, pepper), "key_id": "key_1", "secret_version": version}
            insert(database, "api_key_value", row)
        database.close()


@pytest.fixture(params=EARLIER)
def written(
    request: pytest.FixtureRequest, empty_store_environment: dict[str, str], tmp_path: Path
) -> Written:
    folder = tmp_path / "migrations"
    folder.mkdir()
    settings = Settings.from_environment(empty_store_environment)
    return Written(settings, request.param, folder)


@pytest.fixture
def upgraded(written: Written, empty_store_environment: dict[str, str]) -> Iterator[Keyfob]:
    assert written
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    settings = Settings.from_environment(empty_store_environment)
    keyfob = open_keyfob(settings, clock=lambda: START + 1, password_hasher=hasher)
    yield keyfob
    keyfob.store.database.close()


def test_every_row_is_what_it_was(written: Written, upgraded: Keyfob) -> None:
    database = upgraded.store.database
    check_schema(database)
    for table, row in written.rows:
        kept = content(database, table, [*row])
        assert tuple(row.values()) in kept, table


def test_keys_work_and_can_be_managed(written: Written, upgraded: Keyfob) -> None:
    assert upgraded.organizations.any()
    operator = upgraded.organizations.operator_in("org_1")

    live = upgraded.authentication.identify(written.value)
    dead = upgraded.authentication.identify(written.old_value)
    assert live is not None
    assert dead is not None
    assert (live.secret_version, dead.secret_version) == (2, 1)
    page, counts = upgraded.api_keys.list(
        operator, status=None, site_id=None, name_contains="K", limit=10, cursor=None
    )
    assert {key.id for key in page.items} == {"key_1", "key_2"}
    assert (counts.active, counts.revoked) == (1, 1)
    rotated, _ = upgraded.api_keys.rotate(operator, "key_1")
    upgraded.api_keys.delete(operator, "key_2")
    made, _ = upgraded.api_keys.create(operator, KeyDraft("new", Scope.KEYS_READ, EVERY_SITE_IDS))

    assert rotated.secret_version == 3
    assert upgraded.api_keys.view(made).status is KeyStatus.ACTIVE
    events = upgraded.audit.list(operator, AuditQuestion(), limit=10, cursor=None).items
    assert [event.action for event in events] == [
        "apiKey.created",
        "apiKey.deleted",
        "apiKey.rotated",
    ]
    assert json.loads(str(events[0].after))["name"] == "new"
    assert upgraded.audit_chains.verify("org_1").flaw is None
