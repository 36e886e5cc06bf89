"""Advice follows from the key, what was seen of it, and the time: each rule and its edge."""

from dataclasses import replace
from typing import Any

import pytest
from world import DAY_MS, START

from keyfob.domain.advice import AdviceCode, advisories_of
from keyfob.model import EVERY_SITE, ActorRef, ActorType, ApiKey, RateLimit, Scope
from keyfob.store.sightings import Sighting, SightingKind

pytestmark = pytest.mark.both_stores

DAY_30 = START + 30 * DAY_MS
NEVER_DUE = START + 10_000 * DAY_MS

KEY = ApiKey(
    id="key_1",
    organization_id="org_1",
    name="hr-sync",
    description=None,
    scopes=Scope.EMPLOYEES_READ | Scope.EMPLOYEES_WRITE,
    sites=EVERY_SITE,
    rate_limit=RateLimit(),
    hint="kfb_…IvKx",
    secret_version=1,
    version=1,
    created_at=START,
    created_by=ActorRef(ActorType.OPERATOR, "operator"),
    updated_at=START,
    last_used_at=START,
)


def advice(
    *seen: Sighting, now: int, due: int = NEVER_DUE, **members: Any
) -> dict[AdviceCode, dict[str, Any]]:
    key = replace(KEY, **members)
    found = advisories_of(key, rotation_due_at=due, sightings=seen, now=now)
    assert all(each.message for each in found)
    return {each.code: each.details for each in found}


def used(scope: str, at: int) -> Sighting:
    return Sighting(SightingKind.SCOPE_USED, scope, at)


def dead(code: str, at: int) -> Sighting:
    return Sighting(SightingKind.DEAD_VALUE, code, at)


def product(name: str, met_at: int | None) -> Sighting:
    return Sighting(SightingKind.PRODUCT, name, met_at or START, met_at)


def test_a_new_key_needs_no_advice() -> None:
    assert advice(now=START, last_used_at=None) == {}


def test_rotation_is_overdue_from_when_it_is_due() -> None:
    assert advice(now=START, due=START + 1) == {}
    assert advice(now=START, due=START) == {
        AdviceCode.ROTATION_OVERDUE: {"dueAt": "2026-03-01T09:30:00.000Z"}
    }


def test_expires_soon_is_two_weeks_before() -> None:
    expires_at = START + 14 * DAY_MS
    assert advice(now=START - 1, expires_at=expires_at) == {}
    assert advice(now=START, expires_at=expires_at) == {
        AdviceCode.EXPIRES_SOON: {"expiresAt": "2026-03-15T09:30:00.000Z"}
    }


def test_never_used_is_said_after_thirty_days() -> None:
    assert AdviceCode.NEVER_USED not in advice(now=DAY_30 - 1, last_used_at=None)
    assert AdviceCode.NEVER_USED in advice(now=DAY_30, last_used_at=None)
    assert AdviceCode.NEVER_USED not in advice(now=DAY_30)


def test_scopes_that_were_not_used_for_thirty_days_are_named() -> None:
    recently, long_ago = used("employees:read", START + 1), used("employees:write", START)

    assert advice(now=DAY_30 - 1) == {}
    assert advice(recently, long_ago, now=DAY_30) == {
        AdviceCode.SCOPE_UNUSED: {"scopes": ["employees:write"]}
    }
    assert advice(recently, used("employees:write", START + 1), now=DAY_30) == {}
    assert advice(now=DAY_30)[AdviceCode.SCOPE_UNUSED] == {
        "scopes": ["employees:read", "employees:write"]
    }


def test_a_scope_that_was_granted_lately_is_not_unused_yet() -> None:
    granted = Sighting(SightingKind.SCOPE_GRANTED, "employees:write", START + 5)
    recently = used("employees:read", START + 5)

    assert advice(granted, recently, now=DAY_30 + 4) == {}
    assert AdviceCode.SCOPE_UNUSED in advice(granted, recently, now=DAY_30 + 5)


def test_a_key_is_shared_for_thirty_days_after_two_products_met() -> None:
    pair = product("payroll", START), product("hr-sync", START + 5)

    assert advice(*pair, now=START + DAY_MS) == {
        AdviceCode.SHARED_KEY: {"userAgents": ["hr-sync", "payroll"]}
    }
    assert AdviceCode.SHARED_KEY in advice(*pair, now=DAY_30)
    assert AdviceCode.SHARED_KEY not in advice(*pair, now=DAY_30 + 1)
    assert advice(product("payroll", None), product("hr-sync", None), now=START) == {}


def test_a_rotation_ends_the_sharing_that_was_before_it() -> None:
    pair = product("payroll", START + 5), product("hr-sync", START + 9)

    assert AdviceCode.SHARED_KEY in advice(*pair, now=START + 9, rotated_at=START + 5)
    assert advice(*pair, now=START + 9, rotated_at=START + 6) == {}


def test_a_dead_value_is_in_use_for_thirty_days_after_it_was_sent() -> None:
    sent = dead("API_KEY_ROTATED", START)

    assert advice(sent, now=START)[AdviceCode.DEAD_VALUE_IN_USE] == {
        "lastUsedAt": "2026-03-01T09:30:00.000Z",
        "code": "API_KEY_ROTATED",
    }
    assert AdviceCode.DEAD_VALUE_IN_USE in advice(sent, now=DAY_30)
    assert AdviceCode.DEAD_VALUE_IN_USE not in advice(sent, now=DAY_30 + 1)


def test_of_several_dead_values_the_latest_use_is_told() -> None:
    seen = dead("API_KEY_ROTATED", START + 2), dead("API_KEY_REVOKED", START + 3)

    found = advice(*seen, now=START + 9, revoked_at=START + 1)
    assert found[AdviceCode.DEAD_VALUE_IN_USE]["code"] == "API_KEY_REVOKED"


def test_a_revoked_value_is_dead_only_while_the_key_is_revoked() -> None:
    sent = dead("API_KEY_REVOKED", START + 5)

    assert AdviceCode.DEAD_VALUE_IN_USE in advice(sent, now=START + 9, revoked_at=START + 5)
    assert advice(sent, now=START + 9) == {}
    assert advice(sent, now=START + 9, revoked_at=START + 6) == {}


def test_a_key_that_does_not_work_gets_no_advice_but_on_dead_values() -> None:
    everything = (dead("API_KEY_ROTATED", DAY_30), product("a", DAY_30), product("b", DAY_30))
    members: dict[str, Any] = {"now": DAY_30, "due": START, "last_used_at": None}

    alive = advice(*everything, **members, expires_at=DAY_30 + 1)
    assert set(alive) == set(AdviceCode)
    for death in ({"revoked_at": START + 1}, {"expires_at": DAY_30}):
        assert set(advice(*everything, **members, **death)) == {AdviceCode.DEAD_VALUE_IN_USE}
