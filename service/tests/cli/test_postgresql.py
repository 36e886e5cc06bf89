"""The commands on a store in PostgreSQL."""

import json
from collections.abc import Callable

import pytest
from postgres_server import EMPTY, PostgresServer
from processes import Operator

pytestmark = pytest.mark.postgresql_only


def test_a_database_that_nobody_has_made_a_store_of_is_none(
    new_operator: Callable[[], Operator], postgres: PostgresServer
) -> None:
    operator = new_operator()
    name = postgres.new_database(EMPTY)
    empty = {"DATABASE_URL": postgres.url(name)}

    refused = operator.run("list-organizations", **empty)
    migrated = operator.run("migrate", **empty)
    listed = operator.run("list-organizations", **empty)

    assert refused.code == 2
    assert (
        f"no store at the PostgreSQL database at 127.0.0.1:{postgres.port}/{name}." in refused.err
    )
    assert migrated.out.startswith("Applied 0001_initial.\n")
    assert listed.code == 0


def test_organisations_keys_audit_and_requests_are_the_operators(
    new_operator: Callable[[], Operator],
) -> None:
    operator = new_operator()
    made = operator.run("create-organization", "Acme", "--admin-email", "a@acme.example", "--json")
    key = json.loads(made.out)["key"]["key"]
    with operator.serving() as server:
        answered = server.get("/v1/api-keys/current", key)
        assert server.get("/readyz").json() == {"status": "ready"}
    request_id = answered.headers["X-Request-Id"]

    assert operator.run("create-key", "--name", "second").code == 0
    assert "Acme" in operator.run("list-organizations").out
    assert operator.run("audit", "verify").code == 0
    assert "getCurrentApiKey" in operator.run("request", request_id).out
