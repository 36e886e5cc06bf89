"""What admins do with keys: the rules of the API, its audit, and a value that is shown once."""

import json
import re
from html import unescape
from typing import Any

import pytest
from visitors import PASSWORD, Visitor, hidden_fields, notices
from world import DAY_MS, Api, SettableClock, code

VALUE = re.compile(r"kfb_[0-9A-Za-z]{33}")


def draft(**fields: Any) -> dict[str, Any]:
    """Answer what is filled into the form of a new key."""
    usual = {"name": "hr-sync", "access": "read", "sites": "all", "expiry": "never"}
    return usual | {"requests": "600", "windowSeconds": "60"} | fields


def value_in(page: str) -> str:
    """Answer the one value on a page."""
    (value,) = set(VALUE.findall(page))
    return value


def newest(api: Api) -> dict[str, Any]:
    return api("GET", "/v1/api-keys?limit=1").json()["data"][0]


def named(api: Api, name: str) -> list[dict[str, Any]]:
    keys = api("GET", "/v1/api-keys").json()["data"]
    return [key for key in keys if key["name"] == name]


def test_a_generated_key_works_and_is_what_was_asked_for(
    ada: Visitor, api: Api, clock: SettableClock
) -> None:
    site = api.site()
    clock.advance(seconds=1)
    page = ada.send(
        "/keys/new",
        **draft(
            description="nightly",
            access="custom",
            scopes=["visitors:read", "keys:read"],
            sites="some",
            siteIds=[site],
            expiry="30",
            requests="5",
            windowSeconds="10",
        ),
    )
    assert page.status_code == 200
    used = api.with_key(value_in(page.text))("GET", "/v1/api-keys/current")
    key = used.json()
    assert key["name"] == "hr-sync"
    assert key["description"] == "nightly"
    assert key["scopes"] == ["visitors:read", "keys:read"]
    assert key["siteIds"] == [site]
    assert key["rateLimit"] == {"requests": 5, "windowSeconds": 10}
    assert key["expiresAt"] == "2026-03-31T09:30:01.000Z"
    assert key["createdBy"]["type"] == "admin"


@pytest.mark.parametrize(("access", "scopes"), [("read", 4), ("write", 8), ("full", 12)])
def test_levels_stand_for_sets_of_scopes(ada: Visitor, api: Api, access: str, scopes: int) -> None:
    ada.send("/keys/new", **draft(name=access, access=access, scopes=["audit:read"]))
    assert len(named(api, access)[0]["scopes"]) == scopes


def test_what_is_wrong_with_a_form_is_told_all_at_once_and_what_was_right_stays(
    ada: Visitor, api: Api
) -> None:
    wrong = draft(name="x" * 101, description="a description", access="custom", sites="some")
    past = {"expiry": "on", "expiresOn": "2020-01-01T00:00", "requests": "many"}
    page = ada.send("/keys/new", **wrong | past)
    assert page.status_code == 400
    told = notices(page.text)
    for problem in ("at most 100", "at least one scope", "at least one site", "has passed"):
        assert problem in told
    assert "whole number" in told
    assert 'value="a description"' in page.text
    assert named(api, "x" * 101) == []
    blank = ada.send("/keys/new", **draft(name="  "))
    assert "Give the key a name" in notices(blank.text)


@pytest.mark.parametrize("expiry", ["60", "x", "-1", "on", ""])
def test_a_key_lives_for_ever_only_when_that_was_chosen(
    ada: Visitor, api: Api, expiry: str
) -> None:
    page = ada.send("/keys/new", **draft(expiry=expiry))
    assert page.status_code == 400
    assert "or another expiry" in notices(page.text)
    assert named(api, "hr-sync") == []
    key = api.create(name="dated", expiresAt="2026-04-01T10:00:00.000Z")
    edited = ada.send(f"/keys/{key['id']}/edit", **draft(name="dated", expiry=expiry))
    assert edited.status_code == (400 if expiry else 303)
    assert api("GET", f"/v1/api-keys/{key['id']}").json()["expiresAt"] == key["expiresAt"]
    ada.send(f"/keys/{key['id']}/edit", **draft(name="dated"))
    assert api("GET", f"/v1/api-keys/{key['id']}").json()["expiresAt"] is None


def test_a_site_that_is_foreign_or_gone_cannot_be_chosen(
    ada: Visitor, other_api: Api, api: Api
) -> None:
    foreign = other_api.site()
    page = ada.send("/keys/new", **draft(sites="some", siteIds=[foreign]))
    assert page.status_code == 400
    assert "gone" in notices(page.text)
    assert named(api, "hr-sync") == []


def test_the_same_form_sent_again_makes_no_second_key_and_shows_no_value(
    ada: Visitor, api: Api
) -> None:
    fields = hidden_fields(ada.get("/keys/new").text) | draft()
    first = ada.post("/keys/new", **fields)
    again = ada.post("/keys/new", **fields)
    (key,) = named(api, "hr-sync")
    assert again.headers["location"] == f"/dashboard/keys/{key['id']}"
    page = ada.get(f"/keys/{key['id']}").text
    assert "rotate the key" in notices(page)
    assert not VALUE.search(page)
    assert api.with_key(value_in(first.text))("GET", "/v1/api-keys/current").is_success


def test_a_full_organisation_is_told_what_to_do(ada: Visitor, api: Api, max_keys: int) -> None:
    for number in range(max_keys - 1):
        api.create(name=f"key {number}")
    page = ada.send("/keys/new", **draft())
    assert page.status_code == 409
    assert "as many keys as it may" in notices(page.text)


def test_the_password_is_asked_for_again_after_15_minutes_where_values_and_keys_are_at_stake(
    ada: Visitor, api: Api, clock: SettableClock
) -> None:
    key = api.create(name="hr-sync")
    revoked = api.create(name="old")
    api("POST", f"/v1/api-keys/{revoked['id']}/revoke")
    for path, fields in (
        ("/keys/new", draft(name="fresh")),
        (f"/keys/{key['id']}/rotate", {}),
        (f"/keys/{revoked['id']}/reactivate", {}),
        (f"/keys/{revoked['id']}/delete", {"name": "old"}),
    ):
        clock.advance(seconds=900)
        assert 'name="password"' in ada.get(path).text
        missing = ada.send(path, **fields)
        assert missing.status_code == 400
        assert "Enter your password" in notices(missing.text)
        wrong = ada.send(path, **fields, password="wrong")
        assert "not your password" in notices(wrong.text)
        assert not VALUE.search(missing.text + wrong.text)
    assert named(api, "fresh") == []
    assert api("GET", f"/v1/api-keys/{key['id']}").json()["secretVersion"] == 1
    assert named(api, "old")[0]["status"] == "revoked"

    proven = ada.send(f"/keys/{revoked['id']}/delete", name="old", password=PASSWORD)
    assert proven.status_code == 303
    assert named(api, "old") == []
    assert 'name="password"' not in ada.get("/keys/new").text
    assert ada.send("/keys/new", **draft(name="fresh")).status_code == 200
    clock.advance(seconds=900)
    for path in ("revoke", "edit"):
        assert 'name="password"' not in ada.get(f"/keys/{key['id']}/{path}").text


@pytest.mark.parametrize(
    "more",
    [
        {"access": "write"},
        {"sites": "all"},
        {"expiresOn": "2026-04-01T10:01"},
        {"expiry": "365"},
        {"expiry": "never"},
    ],
)
def test_an_edit_asks_for_the_password_after_15_minutes_only_if_it_gives_the_key_more(
    ada: Visitor, api: Api, clock: SettableClock, more: dict[str, str]
) -> None:
    sites = [api.site(), api.site()]
    key = api.create(
        name="hr-sync",
        scopes=["visitors:read", "employees:read", "deliveries:read", "sites:read"],
        siteIds=sites,
        expiresAt="2026-04-01T10:00:00.000Z",
    )
    path = f"/keys/{key['id']}/edit"
    usual = draft(sites="some", siteIds=sites, expiry="on", expiresOn="2026-04-01T10:00")
    before = api("GET", f"/v1/api-keys/{key['id']}").json()
    clock.advance(seconds=900)

    missing = ada.send(path, **usual | more)
    assert missing.status_code == 400
    assert "Enter your password" in notices(missing.text)
    assert 'name="password"' in missing.text
    assert ada.send(path, **usual | more, password="wrong").status_code == 400
    assert api("GET", f"/v1/api-keys/{key['id']}").json() == before

    less = {"name": "less", "access": "custom", "scopes": ["sites:read"], "siteIds": sites[:1]}
    earlier = {"expiresOn": "2026-03-31T10:00"}
    assert ada.send(path, **usual | less | earlier).status_code == 303
    assert ada.send(path, **usual | more, password=PASSWORD).status_code == 303
    assert api("GET", f"/v1/api-keys/{key['id']}").json()["name"] == "hr-sync"


def test_guesses_at_the_password_in_a_session_are_throttled(
    ada: Visitor, api: Api, clock: SettableClock
) -> None:
    path = f"/keys/{api.create()['id']}/rotate"
    clock.advance(seconds=900)
    told = [notices(ada.send(path, password="wrong").text) for _ in range(11)]
    assert all("not your password" in each for each in told[:10])
    assert "Too many attempts" in told[10]
    assert "Too many attempts" in notices(ada.send(path, password=PASSWORD).text)
    clock.advance(seconds=60)
    assert ada.send(path, password=PASSWORD).status_code == 200


def test_an_edit_is_in_force_with_the_next_request_and_an_untouched_expiry_keeps_its_seconds(
    ada: Visitor, api: Api, clock: SettableClock
) -> None:
    key = api.create(name="hr-sync", expiresAt="2026-04-01T10:00:30.500Z", scopes=["keys:read"])
    caller = api.with_key(key["key"])
    assert caller("GET", "/v1/api-keys").is_success
    page = ada.get(f"/keys/{key['id']}/edit").text
    assert 'value="2026-04-01T10:00"' in page
    fields = draft(name="renamed", access="custom", scopes=["visitors:read"], expiry="on")
    saved = ada.send(f"/keys/{key['id']}/edit", **fields, expiresOn="2026-04-01T10:00")
    assert saved.status_code == 303
    assert code(caller("GET", "/v1/api-keys")) == "SCOPE_INSUFFICIENT"
    after = api("GET", f"/v1/api-keys/{key['id']}").json()
    assert after["name"] == "renamed"
    assert after["expiresAt"] == key["expiresAt"]

    clock.advance(days=40)  # expired: only a later expiry brings it back
    ada.sign_in("ada@acme.example")
    ada.send(f"/keys/{key['id']}/edit", **fields, expiresOn="2026-04-01T10:00")
    assert api("GET", f"/v1/api-keys/{key['id']}").json()["status"] == "expired"
    ada.send(f"/keys/{key['id']}/edit", **fields, expiresOn="2026-05-01T10:00")
    assert api("GET", f"/v1/api-keys/{key['id']}").json()["status"] == "active"


def test_an_edit_of_what_somebody_else_has_changed_meanwhile_is_refused_and_shows_it(
    ada: Visitor, api: Api
) -> None:
    key = api.create(name="hr-sync")
    fields = hidden_fields(ada.get(f"/keys/{key['id']}/edit").text) | draft(name="mine")
    api("PATCH", f"/v1/api-keys/{key['id']}", json={"name": "theirs"})
    page = ada.post(f"/keys/{key['id']}/edit", **fields)
    assert page.status_code == 409
    assert "while you were editing" in notices(page.text)
    assert 'value="theirs"' in page.text
    assert api("GET", f"/v1/api-keys/{key['id']}").json()["name"] == "theirs"


def test_a_rotation_shows_the_new_value_and_the_old_one_is_dead(ada: Visitor, api: Api) -> None:
    key = api.create(name="hr-sync")
    path = f"/keys/{key['id']}/rotate"
    fields = hidden_fields(ada.get(path).text)
    page = ada.post(path, **fields).text
    assert code(api.with_key(key["key"])("GET", "/v1/api-keys/current")) == "API_KEY_ROTATED"
    new = api.with_key(value_in(page))
    assert new("GET", "/v1/api-keys/current").is_success

    again = ada.post(path, **fields)  # reloaded, or clicked twice
    assert again.status_code == 303
    assert new("GET", "/v1/api-keys/current").is_success
    assert "nothing was done" in notices(ada.get(f"/keys/{key['id']}").text)


@pytest.mark.parametrize("version", ["9" * 5000, "9" * 20, "0", "-1", "1.0", "²", "x", ""])
def test_a_form_with_a_version_that_no_key_was_ever_at_is_out_of_date(
    ada: Visitor, api: Api, version: str
) -> None:
    key_id = api.create(name="hr-sync")["id"]
    rotated = ada.send(f"/keys/{key_id}/rotate", version=version)
    assert rotated.status_code == 303
    assert "nothing was done" in notices(ada.get(f"/keys/{key_id}").text)
    edited = ada.send(f"/keys/{key_id}/edit", **draft(name="mine"), version=version)
    assert edited.status_code == 409
    key = api("GET", f"/v1/api-keys/{key_id}").json()
    assert (key["name"], key["secretVersion"]) == ("hr-sync", 1)


def test_the_command_to_try_a_new_value_can_be_pasted_as_it_is(ada: Visitor) -> None:
    page = unescape(ada.send("/keys/new", **draft()).text)
    address = "http://keyfob.example/v1/api-keys/current"
    assert f'curl -H "Authorization: Bearer {value_in(page)}" {address}' in page


def test_the_page_of_a_key_offers_what_can_be_done_and_tells_no_rotation_of_a_dead_one(
    ada: Visitor, api: Api
) -> None:
    key_id = api.create(name="hr-sync")["id"]
    page = ada.get(f"/keys/{key_id}").text
    assert buttons(page) == ["Edit Key", "Rotate Key", "Revoke Key"]
    assert "Rotation due" in page
    api("POST", f"/v1/api-keys/{key_id}/revoke", json={"reason": "temporary"})
    page = ada.get(f"/keys/{key_id}").text
    assert buttons(page) == ["Reactivate", "Delete Key"]
    assert "Rotation due" not in page


def buttons(page: str) -> list[str]:
    """Answer what the links say that look like buttons, at the head of a page."""
    head = page[page.index('class="page-actions"') : page.index("<details", page.index("page-act"))]
    return re.findall(r'<a class="button[^>]*>.*?([A-Z][A-Za-z ]+)</a>', head, re.DOTALL)


def test_a_revoked_key_is_refused_and_can_be_reactivated(ada: Visitor, api: Api) -> None:
    key = api.create(name="hr-sync")
    caller = api.with_key(key["key"])
    assert "Say why" in notices(ada.send(f"/keys/{key['id']}/revoke").text)
    assert caller("GET", "/v1/api-keys/current").is_success

    assert ada.send(f"/keys/{key['id']}/revoke", reason="temporary").status_code == 303
    assert code(caller("GET", "/v1/api-keys/current")) == "API_KEY_REVOKED"
    assert "hr-sync is revoked" in notices(ada.get(f"/keys/{key['id']}").text)

    assert ada.send(f"/keys/{key['id']}/reactivate").status_code == 303
    assert caller("GET", "/v1/api-keys/current").is_success


def test_a_revoked_key_can_still_be_marked_as_compromised_and_then_never_comes_back(
    ada: Visitor, api: Api
) -> None:
    key = api.create(name="hr-sync")
    ada.send(f"/keys/{key['id']}/revoke", reason="temporary")
    assert ada.send(f"/keys/{key['id']}/revoke", reason="compromised").status_code == 303
    after = api("GET", f"/v1/api-keys/{key['id']}").json()
    assert after["revokedReason"] == "compromised"
    assert "never comes back" in notices(ada.get(f"/keys/{key['id']}/reactivate").text)


def test_a_key_is_deleted_only_when_its_name_was_typed(ada: Visitor, api: Api) -> None:
    key = api.create(name="hr-sync")
    path = f"/keys/{key['id']}/delete"
    assert "Only a revoked key" in notices(ada.get(path).text)
    token = {"form_token": hidden_fields(ada.get("/keys").text)["form_token"]}
    assert ada.post(path, name="hr-sync", **token).status_code == 409
    ada.send(f"/keys/{key['id']}/revoke", reason="unused")
    assert "exactly" in notices(ada.send(path, name="hr sync").text)
    assert api("GET", f"/v1/api-keys/{key['id']}").is_success

    assert ada.send(path, name="hr-sync").headers["location"].endswith("?status=revoked")
    assert api("GET", f"/v1/api-keys/{key['id']}").status_code == 404
    assert code(api.with_key(key["key"])("GET", "/v1/api-keys/current")) == "API_KEY_INVALID"
    assert "hr-sync is deleted" in notices(ada.get("/keys").text)


def test_a_name_counts_as_typed_whatever_keyboard_composes_its_accents(
    ada: Visitor, api: Api
) -> None:
    key = api.create(name="Cafe\u0301  bar")
    api("POST", f"/v1/api-keys/{key['id']}/revoke")
    path = f"/keys/{key['id']}/delete"
    assert ada.send(path, name="Caf\u00e9 bar").status_code == 400
    assert ada.send(path, name="Caf\u00e9  bar").status_code == 303


def test_what_cannot_be_done_is_explained_in_the_menu_and_refused_to_those_who_try(
    ada: Visitor, api: Api
) -> None:
    key = api.create(name="hr-sync")
    menu = ada.get(f"/keys/{key['id']}").text
    assert "The key is active." in menu
    assert "Only a revoked key can be deleted." in menu
    api("POST", f"/v1/api-keys/{key['id']}/revoke", json={"reason": "compromised"})
    menu = ada.get(f"/keys/{key['id']}").text
    for why in ("cannot be edited", "cannot be rotated", "never comes back"):
        assert why in menu
    token = {"form_token": hidden_fields(menu)["form_token"]}
    for action in ("rotate", "revoke", "reactivate"):
        refused = ada.post(f"/keys/{key['id']}/{action}", **token, reason="other")
        assert refused.status_code == 409
    edited = ada.post(f"/keys/{key['id']}/edit", **token, **draft(name="x"))
    assert edited.status_code == 409


def test_changes_are_audited_with_the_admin_and_the_request(ada: Visitor, api: Api) -> None:
    ada.send("/keys/new", **draft())
    (key,) = named(api, "hr-sync")
    revoked = ada.send(f"/keys/{key['id']}/revoke", reason="unused")
    events = api("GET", f"/v1/audit-events?keyId={key['id']}").json()["data"]
    assert [event["action"] for event in events] == ["apiKey.revoked", "apiKey.created"]
    assert events[0]["actor"] == key["createdBy"]
    assert events[0]["requestId"] == revoked.headers["x-request-id"]
    page = ada.get(f"/keys/{key['id']}").text
    assert revoked.headers["x-request-id"] in page
    assert "by ada@acme.example" in page


def test_the_list_finds_keys_by_state_name_and_site_and_counts_them(
    ada: Visitor, api: Api, clock: SettableClock
) -> None:
    hq, lab = api.site("Headquarters"), api.site("Lab")
    api.create(name="Reader", siteIds=[hq])
    api.create(name="Writer", siteIds=[lab])
    api.create(name="reads soon no more", expiresAt="2026-03-01T10:00:00Z")
    gone = api.create(name="Ex-reader")
    api("POST", f"/v1/api-keys/{gone['id']}/revoke")
    clock.advance(seconds=1799)

    assert listed(ada, "") == ({"Reader", "Writer", "admin", "reads soon no more"}, [4, 0, 1])
    clock.advance(seconds=1)
    assert listed(ada, "?q=READ") == ({"Reader"}, [1, 1, 1])
    assert listed(ada, "?q=read&status=revoked") == ({"Ex-reader"}, [1, 1, 1])
    assert listed(ada, f"?siteId={lab}") == ({"Writer", "admin"}, [2, 1, 1])
    assert listed(ada, f"?siteId={hq}&q=writer") == (set(), [0, 0, 0])
    assert "No active key matches" in ada.get(f"/keys?siteId={hq}&q=writer").text


def listed(ada: Visitor, query: str) -> tuple[set[str], list[int]]:
    page = ada.get(f"/keys{query}").text
    names = re.findall(r'<th scope="row" class="key-name">\s*<a[^>]*>([^<]*)</a>', page)
    counts = re.findall(r'<span class="tab-count">([\d,]+)</span>', page)
    return {unescape(name) for name in names}, [int(count) for count in counts]


def test_the_pages_of_the_list_lead_on_and_back(
    ada: Visitor, api: Api, clock: SettableClock
) -> None:
    for number in range(40):
        clock.advance(seconds=1)
        api.create(name=f"key {number}")
    first = ada.get("/keys?q=key").text
    second = ada.get(link(first, "next")).text
    back = ada.get(link(second, "prev")).text
    assert [names_in(page) for page in (first, second, back)] == [
        [f"key {number}" for number in range(39, 14, -1)],
        [f"key {number}" for number in range(14, -1, -1)],
        [f"key {number}" for number in range(39, 14, -1)],
    ]
    assert 'rel="next"' not in second


def link(page: str, way: str) -> str:
    (found,) = re.findall(rf'rel="{way}" href="/dashboard([^"]*)"', page)
    return unescape(found)


def names_in(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="key-name">\s*<a[^>]*>([^<]*)</a>', page)


def test_details_tell_how_a_key_is_used_and_who_still_tries_a_dead_value(
    ada: Visitor, api: Api, keyfob: Any, clock: SettableClock
) -> None:
    key = api.create(name="hr-sync")
    caller = api.with_key(key["key"])
    for _ in range(3):
        caller("GET", "/v1/api-keys/current", headers={"User-Agent": "hr-sync/2.1"})
    api("POST", f"/v1/api-keys/{key['id']}/rotate")
    caller("GET", "/v1/api-keys/current", headers={"User-Agent": "forgotten/1.0"})
    keyfob.usage.flush()
    clock.advance(seconds=180)

    page = ada.get(f"/keys/{key['id']}").text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "3 minutes ago by hr-sync/2.1" in text
    assert "1 Mar: 3 requests succeeded, 1 refused, 0 failed" in page
    dead = text.partition("Values that do not work any more")[2].partition("Latest requests")[0]
    assert "forgotten/1.0" in dead
    assert "version 1" in dead
    assert "hr-sync/2.1" not in dead
    assert "Somebody still sends a value" in text
    for period, label in (("24h", "24 hours"), ("7d", "7 days"), ("90d", "90 days")):
        assert f"the last {label}" in ada.get(f"/keys/{key['id']}?period={period}").text
    rotate = ada.get(f"/keys/{key['id']}/rotate").text
    assert "by <strong>hr-sync/2.1</strong>" in rotate


def test_no_page_but_the_answer_to_generate_and_rotate_shows_a_value(
    ada: Visitor, api: Api
) -> None:
    value = value_in(ada.send("/keys/new", **draft()).text)
    (key,) = named(api, "hr-sync")
    pages = ["/keys", *(f"/keys/{key['id']}{each}" for each in ("", "/edit", "/rotate", "/revoke"))]
    for path in pages:
        assert value not in ada.get(path).text
    log = json.dumps(api("GET", f"/v1/audit-events?keyId={key['id']}").json())
    assert value not in log


def test_a_dialog_gets_the_form_alone(ada: Visitor, api: Api) -> None:
    key = api.create()
    fragment = ada.get(f"/keys/{key['id']}/rotate", **{"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "<form" in fragment
    gone = ada.get(f"/keys/{key['id']}/rotate").text
    assert "<html" in gone


def test_a_dialog_of_a_session_that_has_ended_leads_to_the_door(
    ada: Visitor, api: Api, clock: SettableClock
) -> None:
    key = api.create()
    clock.advance(seconds=DAY_MS)
    reply = ada.get(f"/keys/{key['id']}/rotate", **{"HX-Request": "true"})
    assert reply.headers["hx-redirect"].startswith("/dashboard/sign-in")
