"""A reply as bytes."""

from dataclasses import dataclass

import orjson

from keyfob.reply import Reply

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out, but for the headers that every answer carries.

    Attributes:
        may_be_kept: by the client, as its own headers say: it is a file that we ship.
    """

    status: int
    headers: Headers
    body: bytes
    may_be_kept: bool = False


def answer_of(reply: Reply) -> Answer:
    """Turn a reply into bytes."""
    headers = tuple(reply.headers.items())
    if reply.body is None:
        return Answer(reply.status, headers, b"")
    content_type = ("Content-Type", "application/json")
    return Answer(reply.status, (content_type, *headers), orjson.dumps(reply.body))
