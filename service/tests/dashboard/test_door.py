"""Who gets in, what a session is worth, and what forms must carry."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from argon2 import PasswordHasher
from visitors import PASSWORD, Visitor, hidden_fields, notices
from world import Api, SettableClock

from keyfob.app import create_app
from keyfob.dashboard import create_dashboard
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.opening import open_keyfob
from keyfob.domain.sign_ins import Attempt
from keyfob.errors import RateLimited, SignInFailed
from keyfob.pages import create_pages
from keyfob.settings import Settings

ADA = "ada@acme.example"
OPEN = {"asset", "dashboard.sign_in"}
CHANGES = ["/keys/new", "/keys/{}/edit", "/keys/{}/rotate", "/keys/{}/revoke", "/keys/{}/delete"]


def test_without_a_session_every_page_leads_to_the_door(
    keyfob: Keyfob, new_visitor: Callable[[], Visitor]
) -> None:
    visitor = new_visitor()
    rules = create_pages(keyfob, [create_dashboard()]).url_map.iter_rules()
    closed = [rule for rule in rules if rule.endpoint not in OPEN]
    assert len(closed) > 10
    for rule in closed:
        path = rule.rule.replace("<key_id>", "key_1")
        for method in (rule.methods or set[str]()) - {"HEAD", "OPTIONS"}:
            reply = visitor.http.request(method, path, follow_redirects=False)
            assert reply.status_code == 303, (method, path)
            assert reply.headers["location"].startswith("/dashboard/sign-in")


def test_signing_in_leads_to_where_one_wanted_to_go_and_never_elsewhere(
    ada: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    assert ada.get("/keys").status_code == 200
    stranger = new_visitor()
    asked = stranger.get("/keys?status=revoked&q=a")
    door = asked.headers["location"].removeprefix("/dashboard")
    page = stranger.get(door).text
    reply = stranger.post("/sign-in", **hidden_fields(page), email=ADA, password=PASSWORD)
    assert reply.headers["location"] == "/dashboard/keys?status=revoked&q=a"


def test_nobody_is_led_elsewhere_by_a_link_to_the_door(
    ada: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    del ada
    for place in ("https://evil.example/", "//evil.example", "/dashboard\\@evil.example", "/v1"):
        stranger = new_visitor()
        fields = hidden_fields(stranger.get("/sign-in").text) | {"next": place}
        reply = stranger.post("/sign-in", **fields, email=ADA, password=PASSWORD)
        assert reply.headers["location"] == "/dashboard/keys"


def test_unknown_address_and_wrong_password_are_told_alike(
    ada: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    del ada
    wrong = new_visitor().sign_in(ADA, "wrong password")
    unknown = new_visitor().sign_in("bob@acme.example", "wrong password")

    def told(page: str) -> str:
        anonymous = re.sub(r'name="form_token" value="[^"]*"', "", page)
        return re.sub(r"(ada|bob)@acme\.example", "…", anonymous)

    assert wrong.status_code == unknown.status_code == 403
    assert told(wrong.text) == told(unknown.text)
    assert wrong.headers.keys() == unknown.headers.keys()
    assert "do not go together" in notices(wrong.text)


def test_attempts_are_throttled_and_nobody_who_has_signed_in_here_is_kept_out(
    ada: Visitor, new_visitor: Callable[[], Visitor], clock: SettableClock, keyfob: Keyfob
) -> None:
    clock.advance(seconds=60)
    guesser = new_visitor()
    statuses = [guesser.sign_in(ADA, "wrong password").status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    refused = guesser.sign_in(ADA)
    assert refused.status_code == 429
    seconds = int(refused.headers["retry-after"])
    assert f"Try again in {seconds} seconds" in notices(refused.text)

    clock.advance(seconds=seconds)
    for number in range(100):  # from everywhere, as the application sees it
        client = f"2001:db8:0:{number}::1"
        with pytest.raises(SignInFailed):
            keyfob.sign_ins.admin_of(Attempt(ADA, "wrong", client=client, request_id="r"))
    with pytest.raises(RateLimited):
        keyfob.sign_ins.admin_of(Attempt(ADA, PASSWORD, client="2001:db8:1::1", request_id="r"))
    ada.post("/sign-out", **hidden_fields(ada.get("/keys").text))
    assert ada.sign_in(ADA).status_code == 303


def test_the_cookie_is_renewed_at_sign_in_and_worth_nothing_after_signing_out(
    ada: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    visitor = new_visitor()
    visitor.get("/sign-in")
    before = visitor.http.cookies["keyfob"]
    assert visitor.sign_in(ADA).status_code == 303
    signed_in = visitor.http.cookies["keyfob"]
    assert signed_in != before
    visitor.http.cookies.set("keyfob", before, domain="keyfob.example")
    assert visitor.get("/keys").status_code == 303

    thief = new_visitor()
    thief.http.cookies.set("keyfob", signed_in, domain="keyfob.example")
    assert thief.get("/keys").status_code == 200
    left = thief.post("/sign-out", **hidden_fields(thief.get("/keys").text))
    assert left.headers["location"] == "/dashboard/sign-in"
    visitor.http.cookies.set("keyfob", signed_in, domain="keyfob.example")
    assert visitor.get("/keys").status_code == 303
    assert ada.get("/keys").status_code == 200


def test_signing_in_once_more_ends_the_session_before(
    ada: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    before = ada.http.cookies["keyfob"]
    fields = hidden_fields(ada.get("/account").text)
    assert ada.post("/sign-in", **fields, email=ADA, password=PASSWORD).status_code == 303
    assert ada.get("/keys").status_code == 200
    thief = new_visitor()
    thief.http.cookies.set("keyfob", before, domain="keyfob.example")
    assert thief.get("/keys").status_code == 303


def test_an_altered_cookie_opens_nothing(ada: Visitor) -> None:
    value = ada.http.cookies["keyfob"]
    ada.http.cookies.clear()
    ada.http.cookies.set("keyfob", "A" + value[1:], domain="keyfob.example")
    assert ada.get("/keys").status_code == 303


def test_cookies_are_kept_from_scripts_and_other_sites_and_over_tls_from_everything_else(
    ada: Visitor, new_visitor: Callable[..., Visitor]
) -> None:
    del ada
    for base_url, name in (
        ("http://keyfob.example", "keyfob"),
        ("https://keyfob.example", "__Host-keyfob"),
    ):
        cookies = new_visitor(base_url).sign_in(ADA).headers.get_list("set-cookie")
        assert [cookie.partition("=")[0] for cookie in cookies] == [f"{name}-browser", name]
        for cookie in cookies:
            flags = cookie.split("; ")[1:]
            assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
            assert ("Secure" in flags) is base_url.startswith("https")
            assert "Domain" not in cookie


def test_a_session_ends_after_30_minutes_without_a_request_and_says_so(
    ada: Visitor, clock: SettableClock
) -> None:
    clock.advance(seconds=1799)
    assert ada.get("/keys").status_code == 200
    clock.advance(seconds=1800)
    door = ada.get("/keys").headers["location"].removeprefix("/dashboard")
    assert "You were signed out" in notices(ada.get(door).text)


def test_a_change_in_a_session_that_has_ended_changes_nothing_and_leads_back(
    ada: Visitor, api: Api, clock: SettableClock
) -> None:
    key_id = api.create(name="hr-sync")["id"]
    before = state_of(api)
    for path in CHANGES:
        place = path.format(key_id)
        fields = hidden_fields(ada.get(place).text) | {"name": "hr-sync", "reason": "other"}
        clock.advance(seconds=1800)

        reply = ada.post(place, **fields, access="read", sites="all")

        assert reply.status_code == 303
        door = reply.headers["location"].removeprefix("/dashboard")
        page = ada.get(door).text
        assert "nothing was changed" in notices(page)
        back = ada.post("/sign-in", **hidden_fields(page), email=ADA, password=PASSWORD)
        assert back.headers["location"] == f"/dashboard{place}"
        assert state_of(api) == before


def test_a_form_of_another_site_changes_nothing(ada: Visitor, api: Api) -> None:
    key_id = api.create(name="hr-sync")["id"]
    before = state_of(api)
    fields = {"name": "hr-sync", "reason": "other", "access": "read", "sites": "all"}
    for token in ({}, {"form_token": ""}, {"form_token": "x" * 32}):
        for path in [*CHANGES, "/sign-out", "/account"]:
            assert ada.post(path.format(key_id), **fields, version="1", **token).status_code == 403
    assert state_of(api) == before
    assert ada.get("/keys").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://keyfob.example:8080"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://keyfob.example"}, 303),
        ({"Origin": "https://keyfob.example"}, 303),  # TLS ends at a proxy
        ({"Origin": "https://public.example", "Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
def test_a_browser_that_says_a_form_is_of_another_site_is_believed_whatever_the_form_carries(
    ada: Visitor, api: Api, headers: dict[str, str], status: int
) -> None:
    key_id = api.create(name="hr-sync")["id"]
    fields = hidden_fields(ada.get(f"/keys/{key_id}/revoke").text) | {"reason": "other"}
    ada.http.headers.update(headers)
    assert ada.post(f"/keys/{key_id}/revoke", **fields).status_code == status
    state = api("GET", f"/v1/api-keys/{key_id}").json()["status"]
    assert state == ("active" if status == 403 else "revoked")


def state_of(api: Api) -> list[tuple[str, ...]]:
    keys = api("GET", "/v1/api-keys").json()["data"]
    return [(key["id"], key["name"], key["status"], key["updatedAt"]) for key in keys]


def test_a_form_of_another_session_changes_nothing(
    ada: Visitor, new_visitor: Callable[[], Visitor], api: Api
) -> None:
    key_id = api.create(name="hr-sync")["id"]
    other = new_visitor()
    other.sign_in(ADA)
    fields = hidden_fields(other.get(f"/keys/{key_id}/revoke").text)
    refused = ada.post(f"/keys/{key_id}/revoke", **fields, reason="other")
    assert refused.status_code == 403
    assert "out of date" in refused.text
    assert api("GET", f"/v1/api-keys/{key_id}").json()["status"] == "active"


def test_signing_in_takes_a_form_of_this_browser(new_visitor: Callable[[], Visitor]) -> None:
    assert new_visitor().post("/sign-in", email=ADA, password=PASSWORD).status_code == 403


def test_a_changed_password_ends_all_other_sessions(
    ada: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    elsewhere = new_visitor()
    elsewhere.sign_in(ADA)
    new = "battery horse correct"
    wrong = {"password": "wrong", "newPassword": new, "again": "other"}
    refused = ada.send("/account", **wrong)
    assert refused.status_code == 400
    assert "not your password" in notices(refused.text)
    assert "not the same" in notices(refused.text)
    short = ada.send("/account", password=PASSWORD, newPassword="short", again="short")
    assert "at least 12 characters" in notices(short.text)
    assert elsewhere.get("/keys").status_code == 200

    assert ada.send("/account", password=PASSWORD, newPassword=new, again=new).status_code == 303

    assert ada.get("/keys").status_code == 200
    assert elsewhere.get("/keys").status_code == 303
    assert elsewhere.sign_in(ADA).status_code == 403
    assert elsewhere.sign_in(ADA, new).status_code == 303


def test_people_in_a_crowd_at_the_door_hold_nobody_up(
    settings: Settings, clock: SettableClock
) -> None:
    comparing, may_go_on = threading.Event(), threading.Event()

    class SlowHasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            comparing.set()
            may_go_on.wait(20)
            return super().verify(hash, password)

    hasher = SlowHasher(time_cost=1, memory_cost=8, parallelism=1)
    keyfob = open_keyfob(settings, clock=clock, password_hasher=hasher)
    made = keyfob.organizations.create("Acme", ADA)
    with (
        create_app(keyfob, settings).test_client(base_url="http://keyfob.example") as http,
        ThreadPoolExecutor(3 * settings.worker_threads) as crowd,
    ):
        visitors = [Visitor(http) for _ in range(2 * settings.worker_threads)]
        fields = hidden_fields(visitors[0].get("/sign-in").text)
        waiting = [
            crowd.submit(v.post, "/sign-in", **fields, email=ADA, password="x") for v in visitors
        ]
        assert comparing.wait(20)
        for path in ("/v1/authorize", "/v1/api-keys"):
            assert Api(http, made.key_value)("GET", path).status_code == 200
        assert not any(each.done() for each in waiting)
        may_go_on.set()
    keyfob.store.database.close()
