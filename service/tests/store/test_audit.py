"""The audit trail is read by index, whatever is asked, and the store guards it itself."""

import re
from dataclasses import replace
from typing import Any

import peewee
import pytest
from world import Organization

from keyfob.domain.audit import AuditQuestion
from keyfob.domain.audit_changes import AuditAction
from keyfob.domain.keyfob import Keyfob
from keyfob.model import EVERY_SITE, Sites
from keyfob.store.audit import ChainEnd

FILTERS: dict[str, Any] = {
    "key_id": "key_x",
    "actor_id": "operator",
    "action": AuditAction.API_KEY_CREATED,
    "since": 1,
    "until": 2_000_000_000_000,
}
QUESTIONS = [
    AuditQuestion(**{name: FILTERS[name] for bit, name in enumerate(FILTERS) if chosen >> bit & 1})
    for chosen in range(2 ** len(FILTERS))
]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("sites", [EVERY_SITE, Sites(ids=frozenset({"site_a", "site_b"}))])
def test_whatever_is_asked_is_found_by_an_index_in_its_order(
    keyfob: Keyfob, acme: Organization, sites: Sites
) -> None:
    operator = keyfob.organizations.operator_in(acme.id)
    cursor = keyfob.audit.list(operator, AuditQuestion(), limit=1, cursor=None).next_cursor
    actor = replace(operator, sites=sites)
    connection = keyfob.store.database.connection()
    run: list[str] = []
    connection.set_trace_callback(run.append)
    for question in QUESTIONS:
        keyfob.audit.list(actor, question, limit=50, cursor=None)
    keyfob.audit.list(actor, AuditQuestion(), limit=50, cursor=cursor)
    keyfob.audit_chains.verify(acme.id)
    connection.set_trace_callback(None)

    of_events = [statement for statement in run if "audit_event" in statement]
    assert len(of_events) == len(QUESTIONS) + 3
    for statement in run:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        assert all(" USING " in step for step in plan if step.startswith(("SEARCH", "SCAN")))
        assert not [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step], statement


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("filtered_by", "column"),
    [("key_id", "target_id"), ("actor_id", "actor_id"), ("action", "action"), ("since", "at")],
)
def test_each_filter_has_an_index_of_its_own(
    keyfob: Keyfob, acme: Organization, filtered_by: str, column: str
) -> None:
    operator = keyfob.organizations.operator_in(acme.id)
    connection = keyfob.store.database.connection()
    run: list[str] = []
    connection.set_trace_callback(run.append)
    question = AuditQuestion(**{filtered_by: FILTERS[filtered_by]})
    keyfob.audit.list(operator, question, limit=50, cursor=None)
    connection.set_trace_callback(None)

    ((_, _, _, step),) = connection.execute(f"EXPLAIN QUERY PLAN {run[-1]}").fetchall()
    assert re.search(rf"organization_id=\? AND {column}[=>]", step), step


@pytest.mark.both_stores
def test_nothing_is_appended_behind_what_is_not_the_end_any_more(
    keyfob: Keyfob, acme: Organization
) -> None:
    rows = keyfob.store.audit
    first, *_, last = chain = rows.chain(acme.id, None, 100)
    event = replace(last, id="evt_late", sequence=last.sequence + 1)
    for stale in (
        ChainEnd(first.sequence, first.hash),
        ChainEnd(last.sequence, first.hash),
        ChainEnd(first.sequence, last.hash),
    ):
        assert not rows.append(event, stale)

    assert rows.chain(acme.id, None, 100) == chain
    assert rows.end(acme.id) == ChainEnd(last.sequence, last.hash)


@pytest.mark.both_stores
@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET actor_id = 'somebody'", "DELETE FROM audit_event"]
)
def test_the_store_itself_refuses_to_change_or_remove_events(
    keyfob: Keyfob, acme: Organization, statement: str
) -> None:
    before = keyfob.store.audit.chain(acme.id, None, 100)

    with pytest.raises(peewee.IntegrityError, match="never changed and never removed"):
        keyfob.store.database.execute_sql(statement)

    assert keyfob.store.audit.chain(acme.id, None, 100) == before
