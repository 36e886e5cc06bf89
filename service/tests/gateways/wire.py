"""HTTP as it is written: no target is tidied up, no header merged, no redirect followed."""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, Self

Headers = Iterable[tuple[str, str]]

PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        """The error in the body, which has to be an envelope and nothing else."""
        assert self.headers.get_all("Content-Type") == ["application/json"], self
        envelope = json.loads(self.body)
        assert list(envelope) == ["error"]
        assert sorted(envelope["error"]) == ["code", "details", "message", "requestId"]
        return envelope["error"]

    @property
    def outcome(self) -> tuple[int, str]:
        """The status, and the code of the error."""
        return self.status, self.error["code"]


class Wire:
    """A connection, kept alive for as long as the other end likes."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self._connection = HTTPConnection(
            "127.0.0.1", port, timeout=PATIENCE_SECONDS, source_address=(source, 0)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def send(self, method: str, target: str, headers: Headers = (), body: bytes = b"") -> Reply:
        """Send a request, and answer what comes back."""
        self._connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            self._connection.putheader(name, value)
        if body:
            self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body or None)
        response = self._connection.getresponse()
        return Reply(response.status, response.headers, response.read())


def send(
    port: int,
    method: str,
    target: str,
    headers: Headers = (),
    *,
    body: bytes = b"",
    source: str = "127.0.0.1",
) -> Reply:
    """Send a request on a connection of its own."""
    with Wire(port, source) as wire:
        return wire.send(method, target, headers, body)


def bearer(value: str) -> Headers:
    """Answer the header that carries a key."""
    return [("Authorization", f"Bearer {value}")]


def answers(target: str, status: int) -> Callable[[int], bool]:
    """Answer how to find out whether a port answers GET with this status."""

    def ask(port: int) -> bool:
        with suppress(OSError, HTTPException):
            return send(port, "GET", target).status == status
        return False

    return ask
