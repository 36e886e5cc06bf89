"""Faults in request ids, in the traces of requests, and in what keeps values secret."""

import itertools
from dataclasses import replace
from typing import Any

from keyfob.domain import api_keys
from keyfob.gate import accounting, asgi
from keyfob.gate.judge import Judge
from keyfob.store import tables
from keyfob.store.requests import RequestRows
from keyfob.usage import Recorder, UsageRecord
from keyfob_contract.faults.bending import (
    is_error,
    with_error,
    with_header,
    with_members,
)
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.faults.recording import recorded
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
    """A client's X-Request-Id of the right form is taken over, and two requests may share it."""

    @patch(asgi.Gate, "_request")
    async def request(right: Right, self: Any, scope: Any, receive: Any) -> Any:
        made = await right(self, scope, receive)
        named = made.header_values(b"x-request-id")
        return replace(made, id=named[0]) if named and named[0].startswith("req_") else made


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


@fault(caught_by="requests_can_be_traced")
def what_was_not_found_cannot_be_traced(patch: Patch) -> None:
    """Nobody finds out whose key came with a request for a path that does not exist."""
    patch.put(Judge, "attribute", lambda _self, _case: None)


@fault(caught_by="requests_can_be_traced")
def wrong_methods_cannot_be_traced(patch: Patch) -> None:
    """Nobody finds out what became of a request with a method that its path does not have."""
    _untraced(patch, "METHOD_NOT_ALLOWED")


@fault(caught_by="requests_can_be_traced")
def long_bodies_cannot_be_traced(patch: Patch) -> None:
    """Nobody finds out what became of a request that was too long."""
    _untraced(patch, "PAYLOAD_TOO_LARGE")


@fault(caught_by="requests_can_be_traced")
def traces_tell_no_code(patch: Patch) -> None:
    """The trace of a refused request tells OK."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        right(self, record._replace(code="OK"))


@fault(caught_by="requests_can_be_traced")
def clients_name_their_address(patch: Patch) -> None:
    """Traces tell the address that a client put into X-Forwarded-For itself."""

    @patch(asgi, "client_address")
    def client_address(right: Right, peer: str, headers: Any, trusted: int) -> str:
        named = [value for name, value in headers if name == b"x-forwarded-for"]
        return named[0].decode("latin-1") if named else right(peer, headers, trusted)


@fault(caught_by="values_stay_secret")
def traces_show_values_in_paths(patch: Patch) -> None:
    """The trace of a request shows the path as it was sent, with a key that somebody put there."""
    patch.put(accounting, "masked", lambda text: text)


@fault(caught_by="requests_can_be_traced")
def traces_go_with_their_key(patch: Patch) -> None:
    """Nobody finds out what became of the requests of a key that was deleted since."""

    @patch(RequestRows, "forget_successes")
    def forget_successes(_right: Right, self: Any, key_id: str) -> None:
        traced = tables.TracedRequest
        traced.delete().where(traced.key_id == key_id).execute(self._database)


@fault(caught_by="requests_can_be_traced")
def heads_are_traced_as_gets(patch: Patch) -> None:
    """The trace of a HEAD tells of a GET."""
    recorded(patch, lambda record: {"method": record.method.replace("HEAD", "GET")})


@fault(caught_by="requests_can_be_traced")
def traces_tell_the_first_version(patch: Patch) -> None:
    """A trace tells that the first value of the key was sent, whichever was."""
    recorded(patch, lambda record: {"secret_version": record.key_id and 1})


@fault(caught_by="requests_can_be_traced")
def user_agents_are_cut_short(patch: Patch) -> None:
    """A trace tells only the beginning of a user agent."""
    recorded(patch, lambda record: {"user_agent": record.user_agent[:64]})


@fault(caught_by="requests_can_be_traced")
def traces_name_ids_and_queries(patch: Patch) -> None:
    """The trace of a request tells its path with all ids and the query, and not its template."""

    @patch(accounting, "path_of")
    def path_of(right: Right, case: Any) -> str:
        return case.request.raw_path.decode("latin-1") if case.path_values else right(case)


@fault(caught_by="requests_can_be_traced")
def the_latest_requests_took_no_time(patch: Patch) -> None:
    """getApiKeyUsage says of each of the latest requests that it took no time."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if not request.path.endswith("/usage") or is_error(reply):
            return reply
        recent = [{**each, "durationMs": 0} for each in reply.json["recent"]]
        return with_members(reply, recent=recent)


@fault(caught_by="requests_can_be_traced")
def usage_tells_another_time(patch: Patch) -> None:
    """getApiKeyUsage says that it tells of another time than it was asked for."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if not request.path.endswith("/usage") or is_error(reply):
            return reply
        return with_members(reply, since="2001-01-01T05:30:00.000Z")


@fault(caught_by="traces_are_for_who_meets_the_key")
def limited_keys_trace_nothing(patch: Patch) -> None:
    """A key that is limited to sites finds no request at all."""

    @patch(RequestRows, "find_within")
    def find_within(right: Right, self: Any, organization_id: str, within: Any, one: str) -> Any:
        return right(self, organization_id, within, one) if within.every else None


def _repeat_request_ids(patch: Patch, *, after: int) -> None:
    ids: list[str] = []
    turns = itertools.count()

    @patch(asgi, "new_id")
    def new_id(right: Right, prefix: str, rng: Any) -> str:
        turn = next(turns)
        if turn < after:
            ids.append(right(prefix, rng))
        return ids[turn % after]


def _untraced(patch: Patch, code: str) -> None:
    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        if record.code != code:
            right(self, record)
