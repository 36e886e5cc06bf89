"""Faults in what every refusal has to keep."""

from dataclasses import replace
from typing import Any

from keyfob.errors import KeyIsActive, NotFound, ValidationFailed
from keyfob.gate.credential import credential_of
from keyfob.gate.envelope import REFUSALS
from keyfob.gate.judge import Case, Judge
from keyfob.gate.refusals import PayloadTooLarge
from keyfob.gate.routing import PathItem
from keyfob_contract.faults.bending import (
    is_error,
    with_error,
    with_header,
    with_json,
)
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request

PROBLEM = "application/problem+json"


@fault(caught_by="errors_wear_the_envelope")
def method_not_allowed_without_details(patch: Patch) -> None:
    """The envelope of a 405, and of nothing else, lacks details."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        if not is_error(reply, 405):
            return reply
        error = {n: v for n, v in reply.json["error"].items() if n != "details"}
        return with_json(reply, {"error": error})


@fault(caught_by="errors_wear_the_envelope")
def the_framework_answers_one_path(patch: Patch) -> None:
    """Errors of getSite are problem+json, as the framework has them."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if not request.path.startswith("/v1/sites/") or not is_error(reply):
            return reply
        problem = {"type": "about:blank", "title": "Error", "status": reply.status}
        return with_header(with_json(reply, problem), "content-type", PROBLEM)


@fault(caught_by="errors_wear_the_envelope")
def details_are_null(patch: Patch) -> None:
    """An error without details says null, where an empty object was promised."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        if not is_error(reply) or reply.json["error"]["details"]:
            return reply
        return with_error(reply, details=None)


@fault(caught_by="errors_wear_the_envelope")
def long_bodies_are_refused_in_plain_text(patch: Patch) -> None:
    """A 413 is plain text, as the server has it."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        if not is_error(reply, 413):
            return reply
        plain = replace(reply, body=b"Request Entity Too Large")
        return with_header(plain, "content-type", "text/plain")


@fault(caught_by="errors_wear_the_envelope")
def browsers_get_pages(patch: Patch) -> None:
    """An error is a page to whoever accepts text/html, as browsers do."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        accepted = " ".join(request.header_values("accept"))
        if not is_error(reply) or "text/html" not in accepted:
            return reply
        return with_header(replace(reply, body=b"<h1>Error</h1>"), "content-type", "text/html")


@fault(caught_by="errors_wear_the_envelope")
def errors_show_the_inside(patch: Patch) -> None:
    """An error tells in which line of which file it came about."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        if not is_error(reply, 404):
            return reply
        inside = 'Traceback (most recent call last): File "/srv/keyfob/store/api_keys.py", line 99'
        return with_error(reply, message=inside)


@fault(caught_by="code_fits_the_status")
def states_are_bad_requests(patch: Patch) -> None:
    """KEY_IS_ACTIVE comes with 400."""
    patch.entry(REFUSALS, KeyIsActive, REFUSALS[KeyIsActive]._replace(status=400))


@fault(caught_by="unauthorized_says_how")
def expired_keys_are_not_told_how_to_authenticate(patch: Patch) -> None:
    """The 401 of an expired key carries no WWW-Authenticate."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        is_it = is_error(reply, 401) and reply.json["error"]["code"] == "API_KEY_EXPIRED"
        return with_header(reply, "www-authenticate", None) if is_it else reply


@fault(caught_by="allow_names_the_methods")
def allow_knows_the_first_method_only(patch: Patch) -> None:
    """Allow names only the first of a path's methods."""
    patch.put(PathItem, "allow", property(lambda self: next(iter(self.operations))))


@fault(caught_by="allow_names_the_methods")
def allow_forgets_head(patch: Patch) -> None:
    """Allow does not name HEAD."""
    patch.put(PathItem, "allow", property(lambda self: ", ".join(sorted(self.operations))))


@fault(caught_by="refusals_before_the_key")
def unknown_paths_ask_for_a_key(patch: Patch) -> None:
    """An unknown path is 401 to whoever has no key."""
    _ask_for_a_key_before(patch, NotFound)


@fault(caught_by="refusals_before_the_key")
def long_bodies_ask_for_a_key(patch: Patch) -> None:
    """A body that is too long is 401 to whoever has no key."""
    _ask_for_a_key_before(patch, PayloadTooLarge)


@fault(caught_by="refusals_before_the_key")
def malformed_targets_ask_for_a_key(patch: Patch) -> None:
    """A malformed target is 401 to whoever has no key."""
    _ask_for_a_key_before(patch, ValidationFailed)


def _ask_for_a_key_before(patch: Patch, refusal: type[Exception]) -> None:
    @patch(Judge, "_admit")
    def admit(right: Right, self: Any, case: Case) -> None:
        try:
            right(self, case)
        except refusal:
            credential_of(case.request)
            raise
