"""What tests in a real browser share: the world that they look at, and how they look."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Page
from processes import Server
from visitors import PASSWORD

ADA = "ada@lindqvist.example"
EVE = "eve@globex.example"
VALUE = re.compile(r"kfb_[0-9A-Za-z]{33}")
NewContext = Callable[..., BrowserContext]


@dataclass(frozen=True)
class LivedIn:
    """A server with an organisation that has been at work for months."""

    server: Server
    database: Path
    key_value: str

    def api(self, method: str, path: str, key: str | None = None, **request: Any) -> httpx.Response:
        """Ask the API, with the organisation's own key or another."""
        return self.server.send(method, path, key or self.key_value, **request)

    def make(self, name: str, **members: Any) -> dict[str, Any]:
        """Make a key by the API."""
        draft = {"name": name, "scopes": ["visitors:read"], "siteIds": ["*"], **members}
        reply = self.api("POST", "/v1/api-keys", json=draft)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def named(self, name: str) -> list[dict[str, Any]]:
        """Answer the keys of this name."""
        found = self.api("GET", f"/v1/api-keys?q={name}&limit=100").json()["data"]
        return [key for key in found if key["name"] == name]

    def verdict(self, value: str) -> str:
        """Answer what the API thinks of a value."""
        reply = self.api("GET", "/v1/api-keys/current", value)
        return "OK" if reply.is_success else reply.json()["error"]["code"]

    def age_newest_session(self, column: str, seconds: int) -> None:
        """Let time pass for a session: the server of these tests has the system's clock."""
        newest = "(select max(began_at) from admin_session)"
        change = f"update admin_session set {column} = {column} - {seconds * 1000}"
        with closing(sqlite3.connect(self.database)) as store, store:
            assert store.execute(f"{change} where began_at = {newest}").rowcount == 1


def sign_in(page: Page, email: str = ADA) -> Page:
    """Sign in at the door."""
    page.goto("sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/dashboard/keys")
    return page


def choose(page: Page, key_name: str, action: str) -> None:
    """Choose from the menu of a key, and wait for the dialog."""
    page.get_by_label(f"Actions for {key_name}", exact=True).click()
    page.locator("details.menu[open]").get_by_role("link", name=action).click()
    page.locator("dialog[open], form .action-title, .action").first.wait_for()


def shown_value(page: Page) -> str:
    """Answer the value that the page shows."""
    page.locator("#value").wait_for()
    value = page.locator("#value").inner_text()
    assert VALUE.fullmatch(value)
    return value
