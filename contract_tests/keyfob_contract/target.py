"""How a request reaches an implementation, and what comes back, to the byte."""

import asyncio
import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        target: path and query, percent-encoded, as they go over the wire.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the question mark."""
        return self.target.partition("?")[2]

    def header_values(self, name: str) -> list[str]:
        """Answer every value of a header, without the blanks around it."""
        return [value.strip(" \t") for key, value in self.headers if key.lower() == name.lower()]

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        """Answer the request with more headers."""
        return replace(self, headers=(*self.headers, *headers.items()))

    def as_curl(self) -> str:
        """Spell the request for people; the value of a key is no part of it."""
        shown = [f"-H '{name}: {value}'" for name, value in self.headers if not _is_secret(name)]
        data = [f"--data-binary {self.body!r}"] if self.body else []
        return " ".join(["curl", "-X", self.method, *shown, *data, f"'$URL{self.target}'"])


@dataclass(frozen=True)
class Reply:
    """A reply; the names of its headers are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Answer the first value of a header, or None."""
        return next((value for key, value in self.headers if key == name), None)

    @cached_property
    def json(self) -> Any:
        """The body, parsed. Raises ValueError."""
        return json.loads(self.body)


class Target(Protocol):
    """An implementation of the contract."""

    def send(self, request: Request) -> Reply:
        """Answer what it answers."""
        ...

    def settle(self) -> None:
        """Have it write down at once what it would soon, if there is a way to."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class HttpTarget:
    """A server at a URL, over one connection that is kept open."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"not the URL of a server: {url}")
        secure = parts.scheme == "https"
        make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = make(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
        self._base_path = parts.path.rstrip("/")

    def send(self, request: Request) -> Reply:
        """Answer what the server answers."""
        try:
            return self._exchange(request)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # A server may close an idle connection at any time; a fresh one tells whether it lives.
            self._connection.close()
            return self._exchange(request)

    def settle(self) -> None:
        """Do nothing: who waits for something has to ask again."""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(self, request: Request) -> Reply:
        target = self._base_path + request.target
        self._connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in request.headers:
            self._connection.putheader(name, value.encode("latin-1"))
        if request.body or request.method in {"POST", "PUT", "PATCH"}:
            self._connection.putheader("Content-Length", str(len(request.body)))
        self._connection.endheaders(request.body or None)
        response = self._connection.getresponse()
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        return Reply(response.status, headers, response.read())


class AsgiTarget:
    """An ASGI application in this process, driven without a network between.

    Args:
        settle: writes down what the application would write down soon.
    """

    def __init__(self, app: ASGIApp, settle: Callable[[], None] = lambda: None) -> None:
        self._app = app
        self._settle = settle
        self._loop = asyncio.new_event_loop()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._lifespan = self._loop.create_task(self._live())
        self._loop.run_until_complete(self._told("startup"))

    def send(self, request: Request) -> Reply:
        """Answer what the application answers."""
        return self._loop.run_until_complete(self._exchange(request))

    def settle(self) -> None:
        """Have the application write down what it would soon."""
        self._settle()

    def close(self) -> None:
        """Shut the application down."""
        self._loop.run_until_complete(self._told("shutdown"))
        self._loop.run_until_complete(self._lifespan)
        self._loop.close()

    async def _live(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        await self._app(scope, self._inbox.get, self._outbox.put)

    async def _told(self, event: str) -> None:
        await self._inbox.put({"type": f"lifespan.{event}"})
        message = await self._outbox.get()
        if message["type"] != f"lifespan.{event}.complete":
            raise RuntimeError(message.get("message") or f"{event} failed")

    async def _exchange(self, request: Request) -> Reply:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(_http_scope(request), receive, send)
        start, *rest = sent
        headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in start["headers"])
        return Reply(start["status"], headers, b"".join(part["body"] for part in rest))


def _http_scope(request: Request) -> dict[str, Any]:
    headers = [
        (name.lower().encode("latin-1"), value.strip(" \t").encode("latin-1"))
        for name, value in request.headers
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "headers": [(b"host", b"keyfob.example"), *headers],
        "client": ("127.0.0.1", 50000),
        "server": ("keyfob.example", 80),
    }


def _is_secret(header_name: str) -> bool:
    return header_name.lower() in {"authorization", "x-api-key"}
