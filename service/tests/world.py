"""What the tests of the service share: a clock that they set, and the API as one key sees it."""

from dataclasses import dataclass
from typing import Any

import httpx

START = 1_772_357_400_000  # 2026-03-01T09:30:00Z
DAY_MS = 86_400_000
FULL_SCOPES = ["keys:read", "keys:write", "sites:read", "sites:write"]


class SettableClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def advance(self, *, days: float = 0, seconds: float = 0) -> None:
        self.now += round(days * DAY_MS + seconds * 1000)


@dataclass(frozen=True)
class Organization:
    """An organisation and a key of it that holds everything."""

    id: str
    key_id: str
    key: str


class Api:
    """The HTTP API as one key sees it. Answers are httpx responses."""

    def __init__(self, http: httpx.Client, value: str | None) -> None:
        self.http = http
        self.value = value

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request with the key; ``json``, ``headers`` and so on are httpx's."""
        own = {} if self.value is None else {"Authorization": f"Bearer {self.value}"}
        headers = {**own, **request.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **request)

    def with_key(self, value: str | None) -> "Api":
        """Answer the API as another key sees it, or as nobody does."""
        return Api(self.http, value)

    def create(self, **members: Any) -> dict[str, Any]:
        """Create a key (by default one that may do nothing much) and answer the reply's body."""
        body = {"name": "some-key", "scopes": ["visitors:read"], "siteIds": ["*"], **members}
        reply = self("POST", "/v1/api-keys", json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def site(self, name: str = "Headquarters") -> str:
        """Create a site and answer its id."""
        reply = self("POST", "/v1/sites", json={"name": name})
        assert reply.status_code == 201, reply.text
        return reply.json()["id"]


def code(reply: httpx.Response) -> str:
    """Answer the code of an error."""
    return reply.json()["error"]["code"]


def pointers(reply: httpx.Response) -> list[str]:
    """Answer where the problems of a refused input are."""
    return [field["pointer"] for field in reply.json()["error"]["details"]["fields"]]


def without_request_id(reply: httpx.Response) -> str:
    """Answer an error as text, without the one thing that differs every time."""
    error = reply.json()["error"]
    assert error.pop("requestId") == reply.headers["x-request-id"]
    return repr(sorted(error.items()))
