"""Request bodies, read up to a limit and refused while they are read, not after."""

from starlette.types import Receive

from keyfob.gate.request import HeaderLines


class ClientGone(Exception):
    """The client hung up before its request was whole; nobody waits for an answer."""


async def read_body(receive: Receive, headers: HeaderLines, limit: int) -> tuple[bytes, bool]:
    """Answer the body, and whether it is longer than ``limit`` bytes, as soon as that is known.

    What an over-long body still sends is left to the server, which throws it away unread, so that
    its sender lives to see the refusal. One that asks first (``Expect: 100-continue``) is spared
    sending it.

    Raises:
        ClientGone: the connection ended first.
    """
    if int(dict(headers).get(b"content-length", b"0")) > limit:
        return b"", True
    chunks: list[bytes] = []
    total = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        total += len(chunk)
        if total > limit:
            return b"", True
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks), False
