"""Faults in what every reply has to keep."""

from dataclasses import replace
from typing import Any

from keyfob.domain.api_keys import ApiKeys
from keyfob.errors import NotFound
from keyfob.gate import asgi
from keyfob.gate.judge import Case
from keyfob.model import Actor
from keyfob_contract.faults.bending import (
    with_header,
    with_json,
    with_members,
)
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request

KEYS = "/v1/api-keys"


@fault(caught_by="never_a_fault_of_the_server")
def deleting_what_is_absent_crashes(patch: Patch) -> None:
    """To delete a key that does not exist is 500."""

    @patch(ApiKeys, "delete")
    def delete(right: Right, self: Any, actor: Actor, key_id: str) -> None:
        try:
            right(self, actor, key_id)
        except NotFound:
            raise LookupError(key_id) from None


@fault(caught_by="status_is_documented")
def a_status_that_nobody_documented(patch: Patch) -> None:
    """A reactivation answers 202, of which the contract says nothing."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        is_it = request.path.endswith("/reactivate") and reply.status == 200
        return replace(reply, status=202) if is_it else reply


@fault(caught_by="status_is_documented")
def creations_answer_200(patch: Patch) -> None:
    """The creation of a site answers 200 for 201."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        is_it = request.path == "/v1/sites" and reply.status == 201
        return replace(reply, status=200) if is_it else reply


@fault(caught_by="headers_are_as_documented")
def creations_do_not_say_where(patch: Patch) -> None:
    """The creation of a key carries no Location."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        return with_header(reply, "location", None) if request.path == KEYS else reply


@fault(caught_by="headers_are_as_documented")
def tags_have_no_quotes(patch: Patch) -> None:
    """ETag comes without the quotes that make it one, so that clients cannot send it back."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        tag = reply.header("etag")
        return reply if tag is None else with_header(reply, "etag", tag.strip('"'))


@fault(caught_by="headers_are_as_documented")
def retry_after_is_a_date(patch: Patch) -> None:
    """Retry-After is a date where whole seconds were promised."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        date = "Sun, 01 Mar 2026 09:31:00 GMT"
        return reply if reply.status != 429 else with_header(reply, "retry-after", date)


@fault(caught_by="body_is_as_documented")
def times_without_a_zone(patch: Patch) -> None:
    """rotatedAt comes without a zone, so that everybody reads another time."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        at = _member(reply, "rotatedAt")
        return with_members(reply, rotatedAt=at.removesuffix("Z")) if at else reply


@fault(caught_by="body_is_as_documented")
def numbers_as_text(patch: Patch) -> None:
    """secretVersion is a text."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        version = _member(reply, "secretVersion")
        return with_members(reply, secretVersion=str(version)) if version else reply


@fault(caught_by="body_is_as_documented")
def what_is_empty_is_left_out(patch: Patch) -> None:
    """A key's description is left out when there is none, where null was promised."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        if _member(reply, "description", default="") is not None:
            return reply
        return with_json(reply, {n: v for n, v in reply.json.items() if n != "description"})


@fault(caught_by="body_is_as_documented")
def lists_show_digests(patch: Patch) -> None:
    """The list of keys shows the digest that is stored of each."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if request.path != KEYS or _member(reply, "counts") is None:
            return reply
        data = [{**item, "digest": "9f86d081884c7d65" * 4} for item in reply.json["data"]]
        return with_members(reply, data=data)


@fault(caught_by="head_has_no_body")
def head_has_a_body(patch: Patch) -> None:
    """HEAD is answered with the body that GET has."""

    @patch(asgi, "messages_of")
    def messages_of(right: Right, case: Case, answer: Any) -> Any:
        case.request = replace(case.request, method="GET")
        return right(case, answer)


@fault(caught_by="nothing_is_stored")
def lists_may_be_cached(patch: Patch) -> None:
    """A list may be kept by caches for five seconds."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        if _member(reply, "nextCursor", default=...) is ...:
            return reply
        return with_header(reply, "cache-control", "private, max-age=5")


def _member(reply: Reply, name: str, default: Any = None) -> Any:
    """Answer a member of a success; the default if it is none, or has none."""
    if reply.status >= 300 or not reply.body or not isinstance(reply.json, dict):
        return default
    return reply.json.get(name, default)
