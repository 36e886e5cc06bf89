"""The contract is kept on PostgreSQL: in one process, and by two that share store and limits."""

from collections.abc import Callable

import pytest
from postgres_server import EMPTY, PostgresServer
from processes import Operator

pytestmark = pytest.mark.postgresql_only


def test_in_process_over_an_empty_database_and_over_no_other(
    new_operator: Callable[[], Operator], postgres: PostgresServer
) -> None:
    operator = new_operator()
    url = postgres.url(postgres.new_database(EMPTY))

    judged = operator.run("contract", "--quick", "--database-url", url)
    again = operator.run("contract", "--quick", CONTRACT_DATABASE_URL=url)

    assert (judged.code, "CONFORMING" in judged.out) == (0, True), judged.out
    assert (again.code, again.out) == (2, "")
    assert "is in use: name an empty one" in again.err


def test_over_http_by_two_workers(new_operator: Callable[[], Operator]) -> None:
    operator = new_operator()
    keys = [operator.organization(name).key_value for name in ("Acme", "Globex")]
    with operator.serving("--workers", "2") as server:
        judged = operator.run(
            *("contract", "--quick", "--url", server.url),
            CONTRACT_ADMIN_KEY=keys[0],
            CONTRACT_OTHER_ADMIN_KEY=keys[1],
        )
    assert (judged.code, "CONFORMING" in judged.out) == (0, True), judged.out
