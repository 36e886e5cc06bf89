"""A request, read whole before anything is done about it."""

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
    headers = scope["headers"]
    body, body_too_long = await read_body(receive, headers, limit)
    return Request(
        id=request_id,
        method=scope["method"],
        raw_path=scope["raw_path"],
        query=scope["query_string"],
        headers=headers,
        body=body,
        body_too_long=body_too_long,
        client=(scope.get("client") or ("",))[0],
    )
