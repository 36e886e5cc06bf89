"""What the server does about clients and applications that fail it, on a server of its own."""

import asyncio
import random
import socket
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from processes import DEADLINE_SECONDS, wait_until
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import capture_logs

from keyfob.metrics import Meters
from keyfob.server.last_resort import LastResort
from keyfob.server.protocol import EnvelopeProtocol

PATIENCE_SECONDS = 1


async def answering(_scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise LookupError("a secret of the inside")


async def failing_late(_scope: Scope, _receive: Receive, send: Send) -> None:
    headers = [(b"content-length", b"9")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    raise LookupError("a secret of the inside")


async def waiting(_scope: Scope, receive: Receive, _send: Send) -> None:
    await receive()
    await receive()


class Deliberate:
    """Answers when it is allowed to."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(self.may_answer.wait, DEADLINE_SECONDS)
        await answering(scope, receive, send)


@contextmanager
def serving(application: ASGIApp, **options: Any) -> Generator[tuple[uvicorn.Server, int]]:
    """Serve an application in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        http=EnvelopeProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=PATIENCE_SECONDS,
        **options,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield server, listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(DEADLINE_SECONDS)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 4 * PATIENCE_SECONDS)


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def test_client_that_never_finishes_is_hung_up_on() -> None:
    """Whether it says nothing, half a head, or half a body, also after an earlier request."""
    whole = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    unfinished = [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: a\r\n",
        whole,
    ]
    unfinished += [whole + begun for begun in unfinished]
    unfinished.append(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
    with serving(answering) as (_, port), ExitStack() as open_connections:
        connections = [open_connections.enter_context(connect(port)) for _ in unfinished]
        for connection, begun in zip(connections, unfinished, strict=True):
            connection.sendall(begun)
        for connection, begun in zip(connections, unfinished, strict=True):
            assert read_to_end(connection).count(b"204 No Content") == begun.count(whole)


def test_slow_request_that_is_whole_in_time_is_answered() -> None:
    with (
        serving(answering) as (_, port),
        connect(port) as connection,
    ):
        for byte in b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
            connection.sendall(bytes([byte]))
        assert read_to_end(connection).startswith(b"HTTP/1.1 204")


def test_whole_request_may_take_longer_to_answer_than_an_unfinished_one_to_arrive() -> None:
    application = Deliberate()
    with serving(application) as (_, port), connect(port) as connection, connect(port) as idle:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_to_end(idle) == b""  # the server's patience is over
        application.may_answer.set()
        assert read_to_end(connection).startswith(b"HTTP/1.1 204")


def test_failure_that_nobody_caught_is_the_envelope_and_is_counted() -> None:
    registry = CollectorRegistry()
    application = LastResort(failing, random.SystemRandom(), Meters(registry))
    with capture_logs() as logs, serving(application) as (_, port):
        reply = httpx.get(f"http://127.0.0.1:{port}/")
    assert reply.status_code == 500
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    error = reply.json()["error"]
    assert (error["code"], error["details"]) == ("INTERNAL_ERROR", {})
    assert error["requestId"] == reply.headers["X-Request-Id"]
    assert "secret" not in reply.text
    (line,) = [line for line in logs if line["event"] == "internal_error"]
    assert line["request_id"] == error["requestId"]
    labels = {"operation": "", "status": "500", "code": "INTERNAL_ERROR"}
    assert registry.get_sample_value("keyfob_requests_total", labels) == 1


def test_failure_in_the_middle_of_a_reply_closes_the_connection() -> None:
    with (
        capture_logs(),
        serving(LastResort(failing_late, random.SystemRandom())) as (_, port),
        pytest.raises(httpx.RemoteProtocolError),
    ):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_request_that_outlasts_the_stop_is_answered_in_the_envelope() -> None:
    application = LastResort(waiting, random.SystemRandom())
    with (
        capture_logs(),
        serving(application, timeout_graceful_shutdown=0) as (server, port),
        connect(port) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: bool(server.server_state.tasks))
        server.should_exit = True
        reply = read_to_end(connection)
    assert reply.startswith(b"HTTP/1.1 500")
    assert b'"code":"INTERNAL_ERROR"' in reply
