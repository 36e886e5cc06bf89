"""A request, read whole before anything is done about it."""

from dataclasses import replace

from starlette.types import Receive, Scope

from keyfob.gate.body import read_body
from keyfob.gate.request import Request


async def whole_request(
    scope: Scope, receive: Receive, limit: int, request_id: str = ""
) -> Request:
    """Read a request, its body up to a limit. Raises ClientGone.

    Args:
        limit: bytes; a longer body is left where it is.
        request_id: empty if the service is to make it.
    """
    body, body_too_long = await read_body(receive, scope["headers"], limit)
    return replace(bare_request(scope, request_id), body=body, body_too_long=body_too_long)


def bare_request(scope: Scope, request_id: str) -> Request:
    """Answer a request without its body."""
    return Request(
        id=request_id,
        method=scope["method"],
        raw_path=scope["raw_path"],
        query=scope["query_string"],
        headers=scope["headers"],
        client=(scope.get("client") or ("",))[0],
    )
