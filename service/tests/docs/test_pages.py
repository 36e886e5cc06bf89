"""What somebody reads who has no key and no account: the spec, the reference, the guides."""

import re
from html import unescape
from typing import Any

import httpx
import pytest
import yaml
from world import Api

from keyfob.docs.guides import GUIDES
from keyfob.spec import load_spec, spec_file

PATHS = ["/docs", *(f"/docs/{each.name}" for each in GUIDES)]


def text_of(page: str) -> str:
    """Answer what is to be read on a page, each run of white space as one blank."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


def row_of(page: str, name: str) -> str:
    """Answer a row of a table as text."""
    found = re.search(rf'<tr id="{name}">(.*?)</tr>', page, re.DOTALL)
    assert found, name
    return text_of(found[1])


def test_the_spec_is_published_word_for_word_to_anybody(http: httpx.Client) -> None:
    as_yaml, as_json = http.get("/openapi.yaml"), http.get("/openapi.json")
    assert as_yaml.content == spec_file().read_bytes()
    assert as_yaml.headers["content-type"] == "application/yaml; charset=utf-8"
    assert as_json.json() == yaml.safe_load(as_yaml.text)
    assert as_json.headers["content-type"] == "application/json"
    head = http.head("/openapi.yaml")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == as_yaml.headers["content-length"]


def test_refusals_around_the_spec_wear_the_envelope(http: httpx.Client) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        refused = http.request(method, "/openapi.json", content=b"x" * 70_000)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert refused.headers["allow"] == "GET, HEAD"
        assert error["requestId"] == refused.headers["x-request-id"]
    for path in ("/openapi", "/openapi.yml", "/openapi.yaml/", "/openapi.json/x", "/docsx"):
        assert http.get(path).json()["error"]["code"] == "NOT_FOUND"


def test_every_error_code_of_the_spec_is_told_with_the_words_of_its_replies(
    http: httpx.Client, api: Api
) -> None:
    page = http.get("/docs/errors").text
    codes: list[str] = load_spec()["components"]["schemas"]["ErrorCode"]["enum"]
    told = {code: row_of(page, code) for code in codes}
    assert re.findall(r'<tr id="(\w+)"', page) == codes

    real: list[httpx.Response] = [
        http.get("/v1/api-keys"),
        http.get("/v1/api-keys", headers={"X-API-Key": "kfb_mistyped"}),
        api("GET", "/v1/api-keys/key_nowhere"),
        api("GET", "/v1/visitors?siteId=site_nowhere"),
        api("DELETE", "/v1/api-keys/current"),
        api("POST", "/v1/sites", json={}),
        api("POST", "/v1/sites", content=b"{", headers={"Content-Type": "application/json"}),
        api("POST", "/v1/sites", content=b"{}", headers={"Content-Type": "text/plain"}),
        api("POST", "/v1/sites", content=b"x" * 70_000),
    ]
    errors: list[tuple[int, dict[str, Any]]] = [
        (reply.status_code, reply.json()["error"]) for reply in real
    ]
    assert len({error["code"] for _, error in errors}) == len(real)
    for status, error in errors:
        assert told[error["code"]].startswith(f"{error['code']} {status} ")
        assert told[error["code"]].endswith(f" {error['message']}")


def test_every_advice_of_the_spec_is_told_as_keys_carry_it(http: httpx.Client, api: Api) -> None:
    page = http.get("/docs/best-practices").text
    codes = load_spec()["components"]["schemas"]["Advisory"]["properties"]["code"]["enum"]
    assert sorted(re.findall(r'<tr id="(\w+)"', page)) == sorted(codes)

    key = api.create(name="short-lived", expiresAt="2026-03-03T00:00:00Z")
    [advisory] = api("GET", f"/v1/api-keys/{key['id']}").json()["advisories"]
    assert row_of(page, advisory["code"]).endswith(f" {advisory['message']}")


def test_every_operation_is_listed_without_scripts(http: httpx.Client) -> None:
    page = http.get("/docs").text
    for path, item in load_spec()["paths"].items():
        for method, operation in item.items():
            row = re.search(rf'<li id="{operation["operationId"]}">(.*?)</li>', page)
            assert row
            assert text_of(row[1]) == f"{method.upper()} {path} {operation['summary']}"


@pytest.mark.parametrize("path", PATHS)
def test_pages_are_open_whole_by_themselves_and_lead_nowhere_in_vain(
    http: httpx.Client, path: str
) -> None:
    reply = http.get(path)
    assert reply.status_code == 200
    policy = dict(
        rule.split(" ", 1) for rule in reply.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", reply.text)
    assert "set-cookie" not in reply.headers
    links = set(re.findall(r'(?:href|src)="([^"#]+)', reply.text))
    assert links > {"/docs/errors", "/dashboard/"}
    for link in links:
        assert link.startswith("/")
        assert http.get(link).status_code in {200, 303}, link
    for fragment in re.findall(r'href="(?:/docs/errors)?#(\w+)"', reply.text):
        page = http.get("/docs/errors").text if "/docs/errors#" in reply.text else reply.text
        assert f'id="{fragment}"' in page


def test_what_is_not_there_is_refused_with_a_page(http: httpx.Client) -> None:
    for path in ("/docs/nowhere", "/docs/layout", "/docs/errors/x", "/docs/%2e%2e/layout"):
        reply = http.get(path)
        assert reply.status_code == 404
        assert reply.headers["content-type"] == "text/html; charset=utf-8"


def test_examples_name_the_server_that_shows_them(http: httpx.Client) -> None:
    page = http.get("/docs/getting-started", headers={"Host": "keys.example"}).text
    assert "API=http://keys.example/v1" in page
    assert "127.0.0.1" not in page
    hostile = http.get("/docs/getting-started", headers={"Host": '"><script>'})
    assert "<script>" not in hostile.text
