"""What is true of every page: headers, errors for people, and nobody else's keys."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from visitors import Visitor, notices
from world import Api

from keyfob import dashboard
from keyfob.domain.keyfob import Keyfob


def test_a_page_may_load_only_what_we_ship_and_be_framed_by_nobody(ada: Visitor) -> None:
    for path in ("/sign-in", "/keys", "/keys/new", "/account", "/keys/key_nowhere"):
        headers = ada.get(path).headers
        policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"].startswith("req_")


def test_pages_hold_no_script_and_no_style_of_their_own_and_name_no_other_host(
    ada: Visitor, api: Api
) -> None:
    key_id = api.create(name="hr-sync")["id"]
    for path in ("/keys", "/keys/new", "/account", "/requests", f"/keys/{key_id}"):
        page = ada.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


def test_files_that_we_ship_may_be_kept_for_as_long_as_they_stay_the_same(ada: Visitor) -> None:
    page = ada.get("/keys").text
    files = re.findall(r'(?:src|href)="/dashboard(/assets/[^"]+)"', page)
    assert len(files) == 6
    for file in files:
        reply = ada.get(file)
        assert reply.status_code == 200
        assert "immutable" in reply.headers["cache-control"]
        assert ada.get(file[:-1]).headers["cache-control"] == "no-store"
    assert ada.get("/assets/../door.py").status_code == 404
    assert ada.get("/assets/%2e%2e/%2e%2e/door.py").status_code == 404


def test_refusals_are_pages_with_the_request_id(ada: Visitor) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/keys/key_nowhere", 404),
        ("GET", "/keys/key_nowhere/rotate", 404),
        ("GET", "/keys?status=dead", 400),
        ("GET", "/keys?cursor=x", 400),
        ("GET", "/keys?siteId=site_nowhere", 404),
        ("GET", "/%ff%00", 404),
        ("DELETE", "/keys", 405),
        ("POST", "/keys", 405),
    ):
        reply = ada.http.request(method, f"/dashboard{path}", follow_redirects=False)
        assert reply.status_code == status, path
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert reply.headers["x-request-id"] in reply.text
        assert ("allow" in reply.headers) is (status == 405)


def test_a_form_that_is_too_long_is_refused_with_a_page(ada: Visitor) -> None:
    reply = ada.post("/keys/new", name="x" * 70_000)
    assert reply.status_code == 413
    assert "too long" in reply.text


def test_a_fault_of_ours_tells_nothing_of_the_inside(
    ada: Visitor, keyfob: Keyfob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(keyfob.sites, "list", fail)
    reply = ada.get("/keys")
    assert reply.status_code == 500
    assert "our side" in reply.text
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text


def test_a_store_out_of_reach_is_told_to_people_as_such(ada: Visitor, keyfob: Keyfob) -> None:
    keyfob.store.database.execute_sql("alter table site rename to elsewhere")
    reply = ada.get("/keys")
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "2"


def test_everything_outside_the_pages_keeps_its_envelope(http: httpx.Client) -> None:
    for path in ("/dashboards", "/dashboard.html", "/", "/v1/dashboard"):
        assert http.get(path).json()["error"]["code"] == "NOT_FOUND"


def test_head_is_answered_without_a_body(ada: Visitor) -> None:
    reply = ada.http.head("/dashboard/keys")
    assert (reply.status_code, reply.content) == (200, b"")


def test_keys_of_another_organisation_are_absent_from_every_page(
    ada: Visitor, eve: Visitor, api: Api
) -> None:
    key = api.create(name="acme-only")
    site = api.site("Acme headquarters")
    assert "acme-only" in ada.get("/keys").text
    for path in ("/keys", "/keys?q=acme", "/keys/new"):
        page = eve.get(path).text
        assert "acme-only" not in page
        assert "Acme headquarters" not in page
    assert eve.get(f"/keys?siteId={site}").status_code == 404
    absent = without_request_id(eve.get("/keys/key_nowhere"))
    for action in ("", "/edit", "/rotate", "/revoke", "/reactivate", "/delete"):
        assert without_request_id(eve.get(f"/keys/{key['id']}{action}")) == absent
    for action in ("edit", "rotate", "revoke", "reactivate", "delete"):
        fields = {"name": "acme-only", "reason": "other", "version": "1"}
        token = re.findall(r'name="form_token" value="([^"]*)"', eve.get("/keys").text)[0]
        reply = eve.post(f"/keys/{key['id']}/{action}", **fields, form_token=token)
        assert reply.status_code == 404
    assert api("GET", f"/v1/api-keys/{key['id']}").json()["status"] == "active"


def without_request_id(reply: httpx.Response) -> str:
    return reply.text.replace(reply.headers["x-request-id"], "…")


def test_a_request_of_another_organisation_is_not_found(
    ada: Visitor, eve: Visitor, api: Api, keyfob: Keyfob
) -> None:
    request_id = api("GET", "/v1/api-keys/current").headers["x-request-id"]
    keyfob.usage.flush()
    found, unknown = (who.get(f"/requests?id={request_id}") for who in (ada, eve))
    assert found.status_code == 200
    assert "GET /v1/api-keys/current" in found.text
    assert unknown.status_code == 404
    assert "Nothing is kept" in notices(unknown.text)


def test_names_cannot_smuggle_markup_into_a_page(ada: Visitor, api: Api) -> None:
    smuggled = '<img src=x onerror="alert(1)">{{ 7 * 7 }}'
    key = api.create(name=smuggled, description=smuggled)
    api("PATCH", f"/v1/api-keys/{key['id']}", json={"name": smuggled + "2"})
    api("POST", f"/v1/api-keys/{key['id']}/revoke")
    for path in (f"/keys/{key['id']}", "/keys?status=revoked", f"/keys/{key['id']}/delete"):
        page = ada.get(path).text
        assert "<img" not in page
        assert "&lt;img" in page


def test_pages_are_no_traffic_of_keys_but_their_errors_can_be_traced(
    ada: Visitor, keyfob: Keyfob, new_visitor: Callable[[], Visitor]
) -> None:
    fine = ada.get("/keys").headers["x-request-id"]
    refused = new_visitor().sign_in("bob@acme.example", "wrong").headers["x-request-id"]
    keyfob.usage.flush()
    assert keyfob.usage_reports.everything_of(fine) == []
    [traced] = keyfob.usage_reports.everything_of(refused)
    assert (traced.path, traced.status, traced.code) == ("/dashboard/sign-in", 403, "FORBIDDEN")


def test_the_dashboard_has_no_query_of_its_own() -> None:
    sources = list(Path(dashboard.__file__).parent.glob("*.py"))
    assert len(sources) > 15
    assert [each.name for each in sources if re.search(r"\.store\b", each.read_text())] == []
