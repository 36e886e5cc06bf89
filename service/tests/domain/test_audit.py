"""Every change leaves one event, in its own transaction; a refused or undone change leaves none."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Any

import pytest
from trail import draft, events, facts, new_events
from world import SettableClock

from keyfob.domain.commands import SiteDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.secret_value import digest
from keyfob.errors import KeyfobError, KeyIsRevoked, KeyQuotaReached, ScopeEscalation, SiteForbidden
from keyfob.model import EVERY_SITE, Actor, RevokedReason, Scope, Sites
from keyfob.pepper import load_pepper
from keyfob.settings import Settings
from keyfob.store import tables

pytestmark = pytest.mark.both_stores

ALL_OF_A_KEY = {
    "name",
    "description",
    "scopes",
    "siteIds",
    "rateLimit",
    "hint",
    "secretVersion",
    "expiresAt",
    "revokedAt",
    "revokedReason",
}


def test_new_organisation_leaves_events_of_itself_its_admin_and_its_key(
    keyfob: Keyfob, clock: SettableClock
) -> None:
    made = keyfob.organizations.create("Acme", "admin@acme.example")
    operator = keyfob.organizations.operator_in(made.id)

    key, admin, organization = events(keyfob, operator)

    assert [e.sequence for e in (organization, admin, key)] == [1, 2, 3]
    assert {(e.at, e.actor_type, e.actor_id, e.request_id) for e in (organization, admin, key)} == {
        (clock.now, "operator", "operator", None)
    }
    assert (organization.action, organization.target_type, organization.target_id) == (
        "organization.created",
        "organization",
        made.id,
    )
    assert facts(organization) == (None, {"name": "Acme"})
    assert (admin.action, admin.target_type) == ("admin.created", "admin")
    assert (
        tables.Admin.select()
        .where(tables.Admin.id == admin.target_id)
        .exists(keyfob.store.database)
    )
    assert facts(admin) == (None, {"email": "admin@acme.example"})
    assert (key.action, key.target_type, key.target_id) == ("apiKey.created", "apiKey", made.key.id)


def test_new_key_leaves_all_its_members(
    keyfob: Keyfob, writer: Actor, clock: SettableClock
) -> None:
    site = keyfob.sites.create(replace(writer, sites=EVERY_SITE), SiteDraft("HQ"))
    wanted = draft(name="hr-sync", description="nightly", site_ids=(site.id,), expires_at=clock.now)
    clock.advance(seconds=1)
    made = keyfob.api_keys.create(writer, wanted)[0]

    event = events(keyfob, writer)[0]

    assert (event.action, event.target_id, event.at) == ("apiKey.created", made.id, clock.now)
    assert (event.actor_type, event.actor_id) == ("apiKey", writer.ref.id)
    assert event.request_id == "req_2"
    assert facts(event) == (
        None,
        {
            "name": "hr-sync",
            "description": "nightly",
            "scopes": ["visitors:read"],
            "siteIds": [site.id],
            "rateLimit": {"requests": 600, "windowSeconds": 60},
            "hint": made.hint,
            "secretVersion": 1,
            "expiresAt": "2026-03-01T09:30:00.000Z",
            "revokedAt": None,
            "revokedReason": None,
        },
    )


def test_each_change_of_a_key_leaves_what_differs(
    keyfob: Keyfob, operator: Actor, clock: SettableClock
) -> None:
    keys = keyfob.api_keys
    key = keys.create(operator, draft())[0]
    site = keyfob.sites.create(operator, SiteDraft("HQ"))
    story: list[tuple[Callable[[], object], str, Any, Any]] = [
        (
            lambda: keys.edit(operator, key.id, {"name": "n", "site_ids": (site.id,)}),
            "apiKey.updated",
            {"name": "k", "siteIds": ["*"]},
            {"name": "n", "siteIds": [site.id]},
        ),
        (
            lambda: keys.edit(operator, key.id, {"rate_limit": {"requests": 5}, "name": "n"}),
            "apiKey.updated",
            {"rateLimit": {"requests": 600, "windowSeconds": 60}},
            {"rateLimit": {"requests": 5, "windowSeconds": 60}},
        ),
        (
            lambda: keys.edit(
                operator,
                key.id,
                {"description": "d", "scopes": Scope.KEYS_READ, "expires_at": 1_900_000_000_000},
            ),
            "apiKey.updated",
            {"description": None, "scopes": ["visitors:read"], "expiresAt": None},
            {
                "description": "d",
                "scopes": ["keys:read"],
                "expiresAt": "2030-03-17T17:46:40.000Z",
            },
        ),
        (
            lambda: keys.revoke(operator, key.id, RevokedReason.UNUSED),
            "apiKey.revoked",
            {"revokedAt": None, "revokedReason": None},
            {"revokedAt": "2026-03-01T09:30:04.000Z", "revokedReason": "unused"},
        ),
        (
            lambda: keys.reactivate(operator, key.id),
            "apiKey.reactivated",
            {"revokedAt": "2026-03-01T09:30:04.000Z", "revokedReason": "unused"},
            {"revokedAt": None, "revokedReason": None},
        ),
        (
            lambda: keys.revoke(operator, key.id, RevokedReason.OTHER),
            "apiKey.revoked",
            {"revokedAt": None, "revokedReason": None},
            {"revokedAt": "2026-03-01T09:30:06.000Z", "revokedReason": "other"},
        ),
        (
            lambda: keys.revoke(operator, key.id, RevokedReason.COMPROMISED),
            "apiKey.revoked",
            {"revokedReason": "other"},
            {"revokedReason": "compromised"},
        ),
    ]
    for act, action, before, after in story:
        clock.advance(seconds=1)
        (event,) = new_events(keyfob, operator, act)
        assert (event.action, event.target_type, event.target_id) == (action, "apiKey", key.id)
        assert facts(event) == (before, after)
        assert (event.at, event.request_id) == (clock.now, "req_1")


def test_rotation_leaves_hints_and_versions(keyfob: Keyfob, operator: Actor) -> None:
    before = keyfob.api_keys.create(operator, draft())[0]
    after = keyfob.api_keys.rotate(operator, before.id)[0]

    event = events(keyfob, operator)[0]

    assert event.action == "apiKey.rotated"
    assert facts(event) == (
        {"hint": before.hint, "secretVersion": 1},
        {"hint": after.hint, "secretVersion": 2},
    )


def test_deleted_key_leaves_all_its_members_and_the_total_of_its_requests(
    keyfob: Keyfob, operator: Actor
) -> None:
    key, other = (keyfob.api_keys.create(operator, draft())[0].id for _ in range(2))
    for key_id, hour, requests in ((key, 1, 40), (key, 2, 2), (other, 1, 7)):
        tables.UsageCounter.insert(
            key_id=key_id, hour=hour, operation="o", scope="", outcome="OK", requests=requests
        ).execute(keyfob.store.database)
    keyfob.api_keys.revoke(operator, key, RevokedReason.OTHER)
    keyfob.api_keys.delete(operator, key)

    event = events(keyfob, operator)[0]

    assert (event.action, event.target_id) == ("apiKey.deleted", key)
    before, after = facts(event)
    assert before.keys() == ALL_OF_A_KEY | {"requests"}
    assert (before["requests"], before["revokedReason"], after) == (42, "other", None)


def test_new_site_leaves_its_members(keyfob: Keyfob, operator: Actor) -> None:
    site = keyfob.sites.create(operator, SiteDraft("HQ", "1 Dock Street"))

    event = events(keyfob, operator)[0]

    assert (event.action, event.target_type, event.target_id) == ("site.created", "site", site.id)
    assert facts(event) == (None, {"name": "HQ", "address": "1 Dock Street"})


def test_nothing_is_left_by_what_changes_nothing_or_is_refused(
    keyfob: Keyfob, operator: Actor, max_keys: int
) -> None:
    keys = keyfob.api_keys
    key = keys.create(operator, draft())[0].id
    revoked = keys.create(operator, draft())[0].id
    keys.revoke(operator, revoked, RevokedReason.COMPROMISED)
    limited = replace(operator, sites=Sites(ids=frozenset({"site_x"})))

    def fill() -> None:
        for _ in range(max_keys):
            keys.create(operator, draft())

    for act in (
        lambda: keys.edit(operator, key, {"name": "k", "rate_limit": None}),
        lambda: keys.revoke(operator, revoked, RevokedReason.OTHER),
        lambda: keys.edit(operator, revoked, {"name": "x"}),
        lambda: keys.edit(operator, key, {"name": "x"}, frozenset({99})),
        lambda: keys.edit(operator, key, {"site_ids": ("site_x",)}),
        lambda: keys.rotate(operator, revoked),
        lambda: keys.reactivate(operator, revoked),
        lambda: keys.delete(operator, key),
        lambda: keys.delete(operator, "key_absent"),
        lambda: keyfob.sites.create(limited, SiteDraft("x")),
        lambda: keyfob.organizations.create("Twin", "admin@acme.example"),
    ):
        assert new_events(keyfob, operator, act) == []
    assert len(new_events(keyfob, operator, fill)) == max_keys - 3  # admin, key and revoked
    with pytest.raises(KeyQuotaReached):
        keys.create(operator, draft())


def test_a_change_that_is_rolled_back_takes_its_event_along(
    keyfob: Keyfob, operator: Actor
) -> None:
    def act_and_fail() -> None:
        with keyfob.store.transaction():
            keyfob.api_keys.create(operator, draft())
            keyfob.sites.create(operator, SiteDraft("HQ"))
            raise KeyIsRevoked

    assert new_events(keyfob, operator, act_and_fail) == []
    assert keyfob.audit_chains.verify(operator.organization_id).flaw is None
    assert len(new_events(keyfob, operator, lambda: keyfob.api_keys.create(operator, draft()))) == 1


def test_a_change_whose_event_cannot_be_written_is_undone(keyfob: Keyfob, operator: Actor) -> None:
    key = keyfob.api_keys.create(operator, draft())[0]
    keyfob.store.database.execute_sql("ALTER TABLE audit_event RENAME TO gone")

    with pytest.raises(KeyfobError):
        keyfob.api_keys.revoke(operator, key.id, RevokedReason.OTHER)

    assert keyfob.api_keys.get(operator, key.id) == key


def test_no_value_and_no_digest_is_left(
    keyfob: Keyfob, operator: Actor, settings: Settings
) -> None:
    key, first = keyfob.api_keys.create(operator, draft())
    second = keyfob.api_keys.rotate(operator, key.id)[1]
    keyfob.api_keys.revoke(operator, key.id, RevokedReason.OTHER)
    keyfob.api_keys.delete(operator, key.id)

    written = repr([asdict(event) for event in events(keyfob, operator)])

    for value in (first, second):
        assert value[:-4] not in written
        assert value[4:] not in written
        assert digest(value, load_pepper(settings)).hex() not in written


def test_eight_threads_at_once_leave_one_unbroken_chain(
    keyfob: Keyfob, operator: Actor, writer: Actor
) -> None:
    wide = keyfob.api_keys.create(operator, draft(scopes=Scope.AUDIT_READ))[0].id
    shared = keyfob.api_keys.create(operator, draft())[0].id
    before = len(events(keyfob, operator))

    def work(number: int) -> None:
        own = keyfob.api_keys.create(operator, draft(name=str(number)))[0].id
        for turn in range(5):
            keyfob.api_keys.edit(operator, own, {"name": f"{number}.{turn}"})
            keyfob.api_keys.rotate(operator, shared)
            with pytest.raises(ScopeEscalation):
                keyfob.api_keys.rotate(writer, wide)
            with pytest.raises(SiteForbidden):
                keyfob.api_keys.edit(operator, own, {"site_ids": ("site_x",)})

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, number) for number in range(8)]:
            done.result()
        for _ in range(8):
            pool.submit(keyfob.store.database.close).result()

    trail = events(keyfob, operator)
    actions = [event.action for event in trail[: len(trail) - before]]
    assert {action: actions.count(action) for action in set(actions)} == {
        "apiKey.created": 8,
        "apiKey.updated": 40,
        "apiKey.rotated": 40,
        "escalation.refused": 1,
    }
    versions = [facts(event)[1]["secretVersion"] for event in trail if event.target_id == shared]
    assert versions == sorted(versions, reverse=True)
    report = keyfob.audit_chains.verify(operator.organization_id)
    assert (report.flaw, report.end.sequence) == (None, len(trail))
