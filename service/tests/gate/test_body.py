"""Bodies are refused while they are read, not after."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from keyfob.gate.body import ClientGone, read_body

LIMIT = 10


class Connection:
    """A client that sends chunk after chunk; counts how many were taken."""

    def __init__(self, chunks: Iterator[bytes], *, hangs_up: bool = False) -> None:
        self._chunks = chunks
        self._hangs_up = hangs_up
        self.taken = 0

    async def receive(self) -> dict[str, Any]:
        self.taken += 1
        chunk = next(self._chunks, None)
        if chunk is None and self._hangs_up:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}


def read(connection: Connection, *headers: tuple[bytes, bytes]) -> tuple[bytes, bool]:
    return asyncio.run(read_body(connection.receive, headers, LIMIT))


def test_body_up_to_the_limit_is_read_whole() -> None:
    assert read(Connection(iter([b"12345", b"67890"]))) == (b"1234567890", False)


def test_longer_body_is_refused_with_the_chunk_that_is_too_much() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"1234"

    connection = Connection(endless())

    assert read(connection) == (b"", True)
    assert connection.taken == 3


@pytest.mark.parametrize("expect", [(), ((b"expect", b"100-continue"),)])
def test_body_that_is_announced_too_long_is_refused_unread(
    expect: tuple[tuple[bytes, bytes], ...],
) -> None:
    connection = Connection(iter([]))

    assert read(connection, (b"content-length", b"11"), *expect) == (b"", True)
    assert connection.taken == 0


def test_client_that_hangs_up_gets_no_answer() -> None:
    with pytest.raises(ClientGone):
        read(Connection(iter([b"123"]), hangs_up=True))
