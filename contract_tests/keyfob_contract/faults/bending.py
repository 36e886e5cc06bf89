"""Replies that are changed on their way out."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from keyfob_contract.wire.message import Reply, Request

Bend = Callable[[Request, Reply], Reply]
"""From what was asked, and the right reply, to a wrong one."""


def bent(request: Request, messages: Sequence[Any], bend: Bend) -> Iterator[Any]:
    """Answer the ASGI messages of the wrong reply for those of the right one."""
    start, *parts = messages
    headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in start["headers"])
    right = Reply(start["status"], headers, b"".join(part["body"] for part in parts))
    wrong = bend(request, right)
    if wrong.body != right.body:
        wrong = with_header(wrong, "content-length", str(len(wrong.body)))
    encoded = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in wrong.headers]
    yield {"type": "http.response.start", "status": wrong.status, "headers": encoded}
    yield {"type": "http.response.body", "body": wrong.body}


def with_header(reply: Reply, name: str, value: str | None) -> Reply:
    """Answer the reply with another value of a header, or without it for None."""
    others = tuple(each for each in reply.headers if each[0] != name)
    return replace(reply, headers=others if value is None else (*others, (name, value)))


def with_json(reply: Reply, body: Any) -> Reply:
    """Answer the reply with another body."""
    return replace(reply, body=json.dumps(body, ensure_ascii=False).encode())


def with_members(reply: Reply, **members: Any) -> Reply:
    """Answer the reply with more or other members in its JSON object."""
    return with_json(reply, {**reply.json, **members})


def with_error(reply: Reply, **members: Any) -> Reply:
    """Answer the reply with more or other members in its error."""
    return with_json(reply, {"error": {**reply.json["error"], **members}})


def is_error(reply: Reply, status: int | None = None) -> bool:
    """Say whether the reply is an error with a body, of this status if one is named."""
    return reply.status >= 400 and bool(reply.body) and status in {None, reply.status}
