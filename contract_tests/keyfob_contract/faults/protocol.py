"""Faults in paths and methods."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keyfob import handlers
from keyfob.errors import NotFound, Problem, ValidationFailed
from keyfob.gate import judge
from keyfob.gate.refusals import MethodNotAllowed
from keyfob.gate.routing import PathItem
from keyfob.reply import Reply as Answer
from keyfob_contract.faults.bending import with_header
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request


@fault(caught_by="unknown_paths_are_not_found")
def a_slash_too_many_is_forgiven(patch: Patch) -> None:
    """A path with a slash at its end is taken for the one without."""

    @patch(judge, "path_segments")
    def path_segments(right: Right, raw_path: bytes) -> tuple[str, ...]:
        return right(raw_path.rstrip(b"/"))


@fault(caught_by="unknown_paths_are_not_found")
def paths_are_known_in_any_case(patch: Patch) -> None:
    """A path in capital letters is taken for the one in small ones."""

    @patch(judge, "path_segments")
    def path_segments(right: Right, raw_path: bytes) -> tuple[str, ...]:
        return right(raw_path.lower() if raw_path.isupper() else raw_path)


@fault(caught_by="creations_say_where_to_look")
def employees_are_said_to_be_elsewhere(patch: Patch) -> None:
    """Location names the list to which an employee was added, and not the employee."""
    _moved(patch, "/v1/employees/", "/v1/employees")


@fault(caught_by="creations_say_where_to_look")
def new_things_are_said_to_be_elsewhere(patch: Patch) -> None:
    """Location leaves out the version that the paths of the API begin with."""
    _moved(patch, "/v1/", "/")


@fault(caught_by="unknown_paths_are_not_found")
def unknown_paths_are_redirected(patch: Patch) -> None:
    """An unknown path is redirected to the front page."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if reply.status != 404 or request.path.startswith("/v1/"):
            return reply
        return replace(reply, status=307, headers=(*reply.headers, ("location", "/")), body=b"")


@fault(caught_by="absent_things_are_not_found")
def deleting_always_succeeds(patch: Patch) -> None:
    """deleteApiKey answers 204 for keys that do not exist, such as one misspelt."""

    @patch(handlers, "delete_api_key")
    def delete_api_key(right: Right, **wanted: Any) -> Any:
        try:
            return right(**wanted)
        except NotFound:
            return Answer(204)


@fault(caught_by="absent_things_are_not_found")
def absent_keys_are_gone(patch: Patch) -> None:
    """getApiKey answers 410 for what does not exist."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        is_key = request.method == "GET" and request.path.startswith("/v1/api-keys/key_")
        return replace(reply, status=410) if is_key and reply.status == 404 else reply


@fault(caught_by="other_methods_are_not_allowed")
def put_is_taken_for_patch(patch: Patch) -> None:
    """PUT, which no path has, works as PATCH does."""

    @patch(PathItem, "operation")
    def operation(right: Right, self: Any, method: str) -> Any:
        return right(self, "PATCH" if method == "PUT" else method)


@fault(caught_by="other_methods_are_not_allowed")
def browsers_are_let_in(patch: Patch) -> None:
    """OPTIONS is answered as if keys belonged in browsers."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if request.method != "OPTIONS" or reply.status != 405:
            return reply
        cors = (*reply.headers, ("access-control-allow-origin", "*"))
        return replace(reply, status=204, headers=cors, body=b"")


@fault(caught_by="other_methods_are_not_allowed")
def a_key_may_be_called_current(patch: Patch) -> None:
    """PATCH /v1/api-keys/current looks for a key of that name, and finds none."""

    @patch(PathItem, "operation")
    def operation(right: Right, self: Any, method: str) -> Any:
        try:
            return right(self, method)
        except MethodNotAllowed:
            if method == "PATCH" and self.template[-1] == "current":
                raise NotFound from None
            raise


@fault(caught_by="head_answers_as_get")
def head_is_not_allowed(patch: Patch) -> None:
    """HEAD is 405, though Allow names it."""

    @patch(PathItem, "operation")
    def operation(right: Right, self: Any, method: str) -> Any:
        if method == "HEAD":
            raise MethodNotAllowed(self.allow)
        return right(self, method)


@fault(caught_by="malformed_targets_are_refused")
def malformed_targets_are_not_found(patch: Patch) -> None:
    """A malformed target is 404."""

    @patch(judge, "path_segments")
    def path_segments(right: Right, raw_path: bytes) -> tuple[str, ...]:
        try:
            return right(raw_path)
        except ValidationFailed:
            raise NotFound from None


@fault(caught_by="malformed_targets_are_refused")
def malformed_targets_crash(patch: Patch) -> None:
    """A control character in a path is 500."""

    @patch(judge, "path_segments")
    def path_segments(right: Right, raw_path: bytes) -> tuple[str, ...]:
        if b"%0A" in raw_path:
            raise UnicodeError("a line break in a header")
        return right(raw_path)


@fault(caught_by="malformed_targets_are_refused")
def malformed_targets_are_not_pointed_at(patch: Patch) -> None:
    """A malformed target is 400, as if the body were wrong."""

    @patch(judge, "path_segments")
    def path_segments(right: Right, raw_path: bytes) -> tuple[str, ...]:
        try:
            return right(raw_path)
        except ValidationFailed:
            raise ValidationFailed(Problem("", "is malformed")) from None


@fault(caught_by="replies_are_json_whatever_is_accepted")
def what_is_not_accepted_is_refused(patch: Patch) -> None:
    """Who would rather have a page is 404, for there is none."""
    _refuse_with(patch, b"accept", lambda value: "json" not in value and "*/*" not in value)


@fault(caught_by="replies_are_json_whatever_is_accepted")
def bad_trace_contexts_are_refused(patch: Patch) -> None:
    """A traceparent that is none is 404, and not ignored."""
    _refuse_with(patch, b"traceparent", lambda value: value.count("-") < len("---"))


@fault(caught_by="no_key_is_looked_at_where_none_is_needed")
def probes_with_dead_keys_fail(patch: Patch) -> None:
    """A probe that carries a dead key is 401, though it needs none."""

    @patch(judge.Judge, "_answer")
    def answer(right: Right, self: Any, case: Any) -> Any:
        if case.request.header_values(b"authorization"):
            self._authenticated(case)
        return right(self, case)


def _refuse_with(patch: Patch, header: bytes, is_refused: Callable[[str], bool]) -> None:
    @patch(judge.Judge, "_answer")
    def answer(right: Right, self: Any, case: Any) -> Any:
        if any(is_refused(value) for value in case.request.header_values(header)):
            raise NotFound
        return right(self, case)


def _moved(patch: Patch, begin: str, wrong: str) -> None:
    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        told = reply.header("location") or ""
        if not told.startswith(begin):
            return reply
        is_list = wrong.count("/") > 1
        return with_header(reply, "location", wrong if is_list else wrong + told[len(begin) :])
