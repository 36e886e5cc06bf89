"""The dashboard as a browser without scripts meets it: pages, and forms that are filled in."""

import re
from html import unescape
from typing import Any

import httpx

PASSWORD = "correct horse battery"


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Look at a page of the dashboard."""
        return self.http.get(f"/dashboard{path}", headers=headers, follow_redirects=False)

    def send(self, path: str, **fields: Any) -> httpx.Response:
        """Fill in the form of a page, and send it."""
        return self.post(path, **hidden_fields(self.get(path).text) | fields)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send fields as they are."""
        return self.http.post(f"/dashboard{path}", data=fields, follow_redirects=False)

    def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in."""
        return self.send("/sign-in", email=email, password=password)


def hidden_fields(page: str) -> dict[str, str]:
    """Answer what the forms of a page carry unseen."""
    tags = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in tags}


def notices(page: str) -> str:
    """Answer what a page has to say about what was done, and about what is wrong."""
    found = re.findall(
        r'class="(?:notice|problem|impossible)[^"]*"[^>]*>(.*?)</(?:div|p)>', page, re.DOTALL
    )
    return unescape(re.sub(r"<[^>]+>|\s+", " ", " ".join(found)))
