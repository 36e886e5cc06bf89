"""Faults in request ids, and in what keeps values secret."""

import itertools
from dataclasses import replace
from typing import Any

from keyfob.domain import api_keys
from keyfob.gate import asgi
from keyfob_contract.faults.bending import (
    is_error,
    with_error,
    with_header,
)
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request


@fault(caught_by="request_id_is_the_header")
def errors_name_another_request(patch: Patch) -> None:
    """An error names another request than X-Request-Id."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        if not is_error(reply):
            return reply
        return with_error(reply, requestId=f"req_{reply.json['error']['requestId'][:3:-1]}")


@fault(caught_by="request_id_is_the_header")
def unknown_paths_have_no_request_id(patch: Patch) -> None:
    """A 404 carries no X-Request-Id."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        return with_header(reply, "x-request-id", None) if reply.status == 404 else reply


@fault(caught_by="request_ids_are_unique")
def request_ids_come_again_after_1000(patch: Patch) -> None:
    """The ids of requests come again after a thousand."""
    _repeat_request_ids(patch, after=1000)


@fault(caught_by="request_ids_are_unique")
def request_ids_come_again_after_300(patch: Patch) -> None:
    """The ids of requests come again after three hundred."""
    _repeat_request_ids(patch, after=300)


@fault(caught_by="request_ids_are_unique")
def clients_name_their_requests(patch: Patch) -> None:
    """An X-Request-Id that a client sends is taken over, so that two requests may share one."""

    @patch(asgi.Gate, "_request")
    async def request(right: Right, self: Any, scope: Any, receive: Any) -> Any:
        made = await right(self, scope, receive)
        named = made.header_values(b"x-request-id")
        return replace(made, id=named[0]) if named else made


@fault(caught_by="values_stay_secret")
def hints_give_the_value_away(patch: Patch) -> None:
    """The hint of a key is its value."""
    patch.put(api_keys, "hint", lambda value: value)


@fault(caught_by="values_stay_secret")
def errors_repeat_the_key(patch: Patch) -> None:
    """A 401 repeats the key that was sent."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        sent = " ".join(request.header_values("authorization"))
        if not is_error(reply, 401):
            return reply
        return with_error(reply, message=f"{reply.json['error']['message']} ({sent[:200]})")


@fault(caught_by="values_stay_secret")
def the_key_is_in_a_header_for_debugging(patch: Patch) -> None:
    """Every reply repeats the key that was sent in a header."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        sent = request.header_values("authorization")
        return with_header(reply, "x-debug-credential", sent[0]) if sent else reply


def _repeat_request_ids(patch: Patch, *, after: int) -> None:
    ids: list[str] = []
    turns = itertools.count()

    @patch(asgi, "new_id")
    def new_id(right: Right, prefix: str, rng: Any) -> str:
        turn = next(turns)
        if turn < after:
            ids.append(right(prefix, rng))
        return ids[turn % after]
