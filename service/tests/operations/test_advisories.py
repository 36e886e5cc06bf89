"""Advice as it shows on keys: from a request to the member ``advisories``."""

from typing import Any

import pytest
from world import Api, SettableClock

from keyfob.domain.keyfob import Keyfob


def advice(api: Api, keyfob: Keyfob, key_id: str) -> dict[str, Any]:
    keyfob.usage.flush()
    reply = api("GET", f"/v1/api-keys/{key_id}").json()
    return {each["code"]: each["details"] for each in reply["advisories"]}


def test_a_new_key_has_none(api: Api) -> None:
    assert api.create()["advisories"] == []


def test_unused_scopes_are_named_and_never_used_keys_too(
    api: Api, keyfob: Keyfob, clock: SettableClock
) -> None:
    made = api.create(scopes=["sites:read", "keys:read", "visitors:read", "deliveries:read"])
    unused = api.create()
    clock.advance(days=31)
    key = api.with_key(made["key"])
    key("GET", "/v1/sites")
    key("GET", "/v1/authorize?scope=deliveries:read")
    api("POST", "/v1/api-keys/verify", json={"key": made["key"], "scope": "visitors:read"})

    assert advice(api, keyfob, made["id"]) == {"SCOPE_UNUSED": {"scopes": ["keys:read"]}}
    assert advice(api, keyfob, unused["id"]) == {
        "NEVER_USED": {},
        "SCOPE_UNUSED": {"scopes": ["visitors:read"]},
    }


def test_a_scope_that_an_edit_granted_has_thirty_days(
    api: Api, keyfob: Keyfob, clock: SettableClock
) -> None:
    made = api.create(scopes=["sites:read"])
    clock.advance(days=31)
    scopes = ["sites:read", "keys:read"]
    api("PATCH", f"/v1/api-keys/{made['id']}", json={"scopes": scopes})
    api.with_key(made["key"])("GET", "/v1/sites")

    assert advice(api, keyfob, made["id"]) == {}
    clock.advance(days=30)
    assert advice(api, keyfob, made["id"]) == {"SCOPE_UNUSED": {"scopes": scopes}}


def test_a_key_that_two_programs_use_is_shared_until_it_is_rotated(
    api: Api, keyfob: Keyfob, clock: SettableClock
) -> None:
    made = api.create()
    key = api.with_key(made["key"])
    for product in ("hr-sync/2.1", "hr-sync/2.2", "payroll/1.0 (linux)"):
        key("GET", "/v1/api-keys/current", headers={"User-Agent": product})
        clock.advance(seconds=1800)

    assert advice(api, keyfob, made["id"]) == {"SHARED_KEY": {"userAgents": ["hr-sync", "payroll"]}}
    api("POST", f"/v1/api-keys/{made['id']}/rotate")
    assert advice(api, keyfob, made["id"]) == {}


def test_dead_values_in_use_are_told(api: Api, keyfob: Keyfob) -> None:
    made = api.create()
    api("POST", f"/v1/api-keys/{made['id']}/rotate")
    assert advice(api, keyfob, made["id"]) == {}
    api.with_key(made["key"])("GET", "/v1/sites")

    told = {"lastUsedAt": "2026-03-01T09:30:00.000Z", "code": "API_KEY_ROTATED"}
    assert advice(api, keyfob, made["id"]) == {"DEAD_VALUE_IN_USE": told}


def test_a_revoked_value_that_verify_judged_is_a_dead_value_in_use(
    api: Api, keyfob: Keyfob
) -> None:
    made = api.create()
    api("POST", f"/v1/api-keys/{made['id']}/revoke")
    api("POST", "/v1/api-keys/verify", json={"key": made["key"]})

    found = advice(api, keyfob, made["id"])
    assert found["DEAD_VALUE_IN_USE"]["code"] == "API_KEY_REVOKED"


def test_rotation_and_expiry_are_told_in_time(
    api: Api, keyfob: Keyfob, clock: SettableClock
) -> None:
    made = api.create(expiresAt="2026-06-10T00:00:00Z")
    clock.advance(days=91)
    api.with_key(made["key"])("GET", "/v1/authorize?scope=visitors:read")

    assert advice(api, keyfob, made["id"]) == {
        "ROTATION_OVERDUE": {"dueAt": "2026-05-30T09:30:00.000Z"},
        "EXPIRES_SOON": {"expiresAt": "2026-06-10T00:00:00.000Z"},
    }


def test_a_list_shows_the_advice_that_each_key_shows(api: Api, clock: SettableClock) -> None:
    made = [api.create()["id"] for _ in range(3)]
    clock.advance(days=31)

    data = api("GET", "/v1/api-keys").json()["data"]

    listed = {each["id"]: each["advisories"] for each in data}
    for key_id in made:
        assert listed[key_id]
        assert listed[key_id] == api("GET", f"/v1/api-keys/{key_id}").json()["advisories"]


def test_a_page_asks_the_store_as_often_however_many_keys_it_shows(
    api: Api, keyfob: Keyfob, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    execute = keyfob.store.database.execute_sql

    def execute_and_note(sql: str, params: Any = None) -> Any:
        asked.append(sql)
        return execute(sql, params)

    def questions() -> int:
        asked.clear()
        assert api("GET", "/v1/api-keys?limit=100").status_code == 200
        return sum("api_key_sighting" in sql and sql.startswith("SELECT") for sql in asked)

    monkeypatch.setattr(keyfob.store.database, "execute_sql", execute_and_note)
    for_one = questions()
    for _ in range(10):
        api.create()
    assert (for_one, questions()) == (1, 1)
