"""An ASGI application in this process, driven without a network between."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

from keyfob_contract.wire.message import Reply, Request


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

    def send_together(self, requests: Sequence[Request]) -> list[Reply]:
        """Send all at once, and answer the replies in the order of the requests."""

        async def all_at_once() -> list[Reply]:
            return await asyncio.gather(*(self._exchange(request) for request in requests))

        return self._loop.run_until_complete(all_at_once())

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
        "path": unquote(request.path),
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "headers": [(b"host", b"keyfob.example"), *headers],
        "client": ("127.0.0.1", 50000),
        "server": ("keyfob.example", 80),
    }
