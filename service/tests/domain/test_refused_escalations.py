"""A refused escalation is remembered, though all that it wrote is undone."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from trail import draft, events, facts, new_events
from world import SettableClock

from keyfob.domain.commands import SiteDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import ScopeEscalation
from keyfob.model import Actor, ActorRef, ActorType, RevokedReason, Scope

pytestmark = pytest.mark.both_stores


@pytest.fixture
def wide(keyfob: Keyfob, operator: Actor) -> str:
    """A key that holds more than the writer."""
    return keyfob.api_keys.create(operator, draft(scopes=Scope.AUDIT_READ))[0].id


def test_each_operation_leaves_what_was_attempted_and_what_was_too_much(
    keyfob: Keyfob, operator: Actor, writer: Actor, wide: str, clock: SettableClock
) -> None:
    keys = keyfob.api_keys
    revoked = keys.create(operator, draft(scopes=Scope.AUDIT_READ))[0].id
    keys.revoke(operator, revoked, RevokedReason.OTHER)
    story: list[tuple[Callable[[], object], str, str]] = [
        (lambda: keys.rotate(writer, wide), "rotateApiKey", wide),
        (lambda: keys.edit(writer, wide, {"name": "mine"}), "updateApiKey", wide),
        (lambda: keys.reactivate(writer, revoked), "reactivateApiKey", revoked),
        (
            lambda: keys.create(writer, draft(scopes=Scope.AUDIT_READ)),
            "createApiKey",
            writer.ref.id,
        ),
    ]
    for act, operation, target in story:
        clock.advance(seconds=3600)
        (event,) = new_events(keyfob, operator, act)
        assert (event.action, event.at) == ("escalation.refused", clock.now)
        assert (event.target_type, event.target_id) == ("apiKey", target)
        assert (event.actor_type, event.actor_id) == ("apiKey", writer.ref.id)
        assert event.request_id == "req_2"
        too_much = {"scopes": ["audit:read"]}
        assert facts(event) == (None, {"operation": operation, "refused": too_much})


def test_one_event_for_each_actor_and_hour(
    keyfob: Keyfob, operator: Actor, writer: Actor, wide: str, clock: SettableClock
) -> None:
    other = replace(writer, ref=ActorRef(ActorType.API_KEY, "key_other"))

    def attempts(actor: Actor) -> int:
        return len(new_events(keyfob, operator, lambda: keyfob.api_keys.rotate(actor, wide)))

    assert (attempts(writer), attempts(other)) == (1, 1)
    clock.advance(seconds=3599.999)
    assert (attempts(writer), attempts(other)) == (0, 0)
    clock.advance(seconds=0.001)
    assert (attempts(writer), attempts(writer), attempts(other)) == (1, 0, 1)


def test_a_clock_that_was_set_back_silences_nobody(
    keyfob: Keyfob, operator: Actor, writer: Actor, wide: str, clock: SettableClock
) -> None:
    clock.advance(days=9)
    for expected in (1, 0):
        new = new_events(keyfob, operator, lambda: keyfob.api_keys.rotate(writer, wide))
        assert len(new) == expected
    clock.advance(days=-9)

    with pytest.raises(ScopeEscalation):
        keyfob.api_keys.rotate(writer, wide)

    refused = [e for e in events(keyfob, operator) if e.action == "escalation.refused"]
    assert [event.sequence for event in refused] == [6, 7]


def test_escalation_of_an_admin_who_creates_is_about_the_organisation(
    keyfob: Keyfob, operator: Actor
) -> None:
    admin = replace(operator, ref=ActorRef(ActorType.ADMIN, "adm_1"), scopes=Scope.KEYS_WRITE)

    (event,) = new_events(keyfob, operator, lambda: keyfob.api_keys.create(admin, draft()))

    assert (event.target_type, event.target_id) == ("organization", operator.organization_id)


def test_refused_escalation_is_kept_though_all_around_it_is_rolled_back(
    keyfob: Keyfob, operator: Actor, writer: Actor, wide: str
) -> None:
    def attempt() -> None:
        with keyfob.store.transaction():
            keyfob.sites.create(operator, SiteDraft("undone"))
            keyfob.api_keys.rotate(writer, wide)

    assert [e.action for e in new_events(keyfob, operator, attempt)] == ["escalation.refused"]
    assert keyfob.sites.list(operator, limit=10, cursor=None).items == []


def test_escalation_stays_refused_when_it_cannot_be_audited(
    keyfob: Keyfob, operator: Actor, writer: Actor, wide: str
) -> None:
    before = keyfob.api_keys.get(operator, wide)
    keyfob.store.database.execute_sql("ALTER TABLE audit_event RENAME TO gone")

    with capture_logs() as logs, pytest.raises(ScopeEscalation):
        keyfob.api_keys.rotate(writer, wide)

    assert [line["event"] for line in logs] == ["escalation_not_audited"]
    assert keyfob.api_keys.get(operator, wide) == before
