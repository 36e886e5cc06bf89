"""The books of a reception are read by index, whatever is asked."""

import itertools
from typing import Any

import pytest
from world import START

from keyfob.domain.keyfob import Keyfob
from keyfob.model import EVERY_SITE, Position, Sites
from keyfob.reception import EntryStatus
from keyfob.store.reception import EntryFilter

pytestmark = pytest.mark.sqlite_only

DAY = {"expected_from": START, "expected_until": START + 1}
FILTERS: dict[str, Any] = {
    "site_id": "site_a",
    "status": EntryStatus.CHECKED_IN,
    "name_contains": "x",
}
SOME_SITES = Sites(ids=frozenset({"site_a", "site_b"}))
SOMEWHERE = Position(START, "x")


def plan(
    keyfob: Keyfob, book: str, within: Sites, asked: EntryFilter, after: Position | None
) -> list[str]:
    """Answer how SQLite goes about a page."""
    connection = keyfob.store.database.connection()
    run: list[str] = []
    connection.set_trace_callback(run.append)
    getattr(keyfob.store, book).page("org_x", within, asked, after, 51)
    connection.set_trace_callback(None)
    (statement,) = run
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]


def questions(filters: dict[str, Any]) -> list[EntryFilter]:
    """Answer every combination of filters."""
    return [
        EntryFilter(**{name: filters[name] for name in chosen})
        for count in range(len(filters) + 1)
        for chosen in itertools.combinations(filters, count)
    ]


@pytest.mark.parametrize("book", ["visitors", "employees", "deliveries"])
@pytest.mark.parametrize("within", [EVERY_SITE, SOME_SITES], ids=["every_site", "some_sites"])
@pytest.mark.parametrize("after", [None, SOMEWHERE], ids=["first_page", "next_page"])
def test_whatever_is_asked_is_found_by_an_index_in_its_order(
    keyfob: Keyfob, book: str, within: Sites, after: Position | None
) -> None:
    for asked in questions(FILTERS):
        (step,) = plan(keyfob, book, within, asked, after)

        assert step.startswith("SEARCH"), step
        assert " USING INDEX " in step, step


@pytest.mark.parametrize("book", ["visitors", "employees", "deliveries"])
@pytest.mark.parametrize(
    ("asked", "terms"),
    [
        (EntryFilter(), "(created_at,id)<(?,?)"),
        (EntryFilter(site_id="site_a"), "site_id=? AND (created_at,id)<(?,?)"),
        (EntryFilter(status=EntryStatus.CHECKED_IN), "status=? AND (created_at,id)<(?,?)"),
    ],
    ids=["everything", "site", "status"],
)
def test_site_and_status_have_an_index_of_their_own(
    keyfob: Keyfob, book: str, asked: EntryFilter, terms: str
) -> None:
    (step,) = plan(keyfob, book, EVERY_SITE, asked, SOMEWHERE)

    assert step.endswith(f"(organization_id=? AND {terms})")


def test_a_day_is_found_by_its_index_and_put_in_order(keyfob: Keyfob) -> None:
    for asked in questions(FILTERS | DAY):
        first, *_ = plan(keyfob, "visitors", EVERY_SITE, asked, None)
        if asked.expected_from and asked.expected_until:
            assert "(organization_id=? AND expected_at>? AND expected_at<?)" in first
        assert " USING INDEX " in first
