"""The envelope for what nobody caught: without it uvicorn would answer in plain text."""

import asyncio
import random

import orjson
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from keyfob.domain.identifiers import new_id
from keyfob.gate.envelope import refuse
from keyfob.gate.refusals import InternalError
from keyfob.metrics import Meters

log = structlog.get_logger(__name__)


class LastResort:
    """Answers 500 for an application that failed, or was cut short by a stop that took too long."""

    def __init__(self, app: ASGIApp, rng: random.Random, meters: Meters | None = None) -> None:
        self._app = app
        self._rng = rng
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; whatever comes back as an exception becomes a reply."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except (Exception, asyncio.CancelledError):
            request_id = new_id("req", self._rng)
            log.exception("internal_error", request_id=request_id)
            if self._meters is not None:
                self._meters.refused(500, InternalError.code)
            await _send(send, request_id)


async def _send(send: Send, request_id: str) -> None:
    body = orjson.dumps(refuse(InternalError(), request_id).body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
    ]
    # If a reply had begun, uvicorn refuses this one and closes the connection: all one can do.
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
