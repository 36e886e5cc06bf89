"""Faults in how strictly the members of a body are judged."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from keyfob.domain.commands import SiteDraft
from keyfob.errors import Problem, ValidationFailed
from keyfob.gate import operation
from keyfob.gate.json_body import parse_json
from keyfob.gate.judge import Case, Judge
from keyfob.gate.operation import BodyRule
from keyfob.model import ALL_SCOPES, scope_words
from keyfob_contract.faults.fault import Patch, Right, fault

READ_ONLY = ("id", "organizationId", "status", "secretVersion", "createdAt")
LONGEST_NAME = 100


@fault(caught_by="unknown_members_are_refused")
def unknown_members_are_dropped(patch: Patch) -> None:
    """A member that nobody knows is silently dropped."""
    _drop_members(patch, lambda name: "/" not in name)


@fault(caught_by="unknown_members_are_refused")
def unknown_members_within_are_dropped(patch: Patch) -> None:
    """A member that nobody knows is silently dropped from the objects within a body."""
    _drop_members(patch, lambda name: "/" in name)


@fault(caught_by="unknown_members_are_refused")
def members_of_replies_are_dropped(patch: Patch) -> None:
    """Who tries to set a member that only replies have is not told that it did nothing."""
    _drop_members(patch, lambda name: name in READ_ONLY)


@fault(caught_by="wrong_types_are_refused")
def numbers_may_come_as_text(patch: Patch) -> None:
    """A text of digits is taken for a number."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        limit = parsed.get("rateLimit") if isinstance(parsed, dict) else None
        if isinstance(limit, dict):
            limit |= {n: int(v) for n, v in limit.items() if isinstance(v, str) and v.isdigit()}
        return parsed


@fault(caught_by="wrong_types_are_refused")
def null_is_taken_for_nothing(patch: Patch) -> None:
    """A name of null is taken for a member that was not sent."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        if isinstance(parsed, dict) and parsed.get("name", ...) is None:
            del parsed["name"]
        return parsed


@fault(caught_by="bounds_are_kept")
def long_names_are_cut(patch: Patch) -> None:
    """A name that is too long is cut, and its author is not told."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        if isinstance(parsed, dict) and isinstance(parsed.get("name"), str):
            parsed["name"] = parsed["name"][:LONGEST_NAME]
        return parsed


@fault(caught_by="bounds_are_kept")
def limits_know_no_bounds(patch: Patch) -> None:
    """A rate limit of nothing at all, or of any size, is accepted."""
    _overlook(patch, lambda p: p.pointer.startswith("/rateLimit/") and " be at " in p.message)


@fault(caught_by="bounds_are_kept")
def names_may_be_blank(patch: Patch) -> None:
    """A name may consist of blanks alone."""
    _overlook(patch, lambda p: p.message == "must not be blank")


@fault(caught_by="bounds_are_kept")
def refused_creations_are_carried_out(patch: Patch) -> None:
    """A site whose address is refused is made all the same, without what was wrong."""

    @patch(Judge, "_answer")
    def answer(right: Right, self: Any, case: Case) -> Any:
        try:
            return right(self, case)
        except ValidationFailed:
            name = _name_of(case) if case.admitted.id == "createSite" else None
            if name:
                self._keyfob.sites.create(case.actor, SiteDraft(name))
            raise


@fault(caught_by="control_characters_are_refused")
def later_control_characters_pass(patch: Patch) -> None:
    """The control characters beyond ASCII pass."""

    @patch(BodyRule, "read")
    def read(right: Right, self: Any, request: Any) -> Any:
        body, problems = right(self, request)
        if b"\xc2\x9f" in request.body:
            problems = [p for p in problems if "control characters" not in p.message]
        return body, problems


@fault(caught_by="control_characters_are_refused")
def a_line_break_at_the_end_passes(patch: Patch) -> None:
    """A name may end with a line break, as regular expressions have it."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        if isinstance(parsed, dict) and isinstance(parsed.get("name"), str):
            parsed["name"] = parsed["name"].removesuffix("\n")
        return parsed


@fault(caught_by="control_characters_are_refused")
def control_characters_are_dropped(patch: Patch) -> None:
    """Control characters are taken out of a name, and its author is not told."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        if isinstance(parsed, dict) and isinstance(parsed.get("name"), str):
            parsed["name"] = re.sub(r"[\x00-\x1f\x7f-\x9f]", "", parsed["name"])
        return parsed


@fault(caught_by="repeated_items_are_refused")
def sets_may_repeat_themselves(patch: Patch) -> None:
    """A scope that comes twice is taken for one."""
    _overlook(patch, lambda problem: problem.message == "repeats an earlier item")


@fault(caught_by="missing_members_are_refused")
def without_scopes_a_key_gets_them_all(patch: Patch) -> None:
    """A key for which no scopes are named gets all of them."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        if isinstance(parsed, dict) and "siteIds" in parsed and "name" in parsed:
            parsed.setdefault("scopes", scope_words(ALL_SCOPES))
        return parsed


@fault(caught_by="all_problems_are_named_at_once")
def only_the_first_problem_is_named(patch: Patch) -> None:
    """Of a body with many problems one is named at a time."""

    @patch(ValidationFailed, "__init__")
    def init(right: Right, self: Any, *problems: Problem) -> None:
        right(self, *problems[:1])


@fault(caught_by="all_problems_are_named_at_once")
def problems_are_not_pointed_at(patch: Patch) -> None:
    """Every problem is said to be with the body as a whole."""

    @patch(ValidationFailed, "__init__")
    def init(right: Right, self: Any, *problems: Problem) -> None:
        right(self, *(Problem("", problem.message) for problem in problems))


@fault(caught_by="all_problems_are_named_at_once")
def queries_are_read_before_bodies(patch: Patch) -> None:
    """Who has got query and body wrong is told of the query alone."""

    @patch(ValidationFailed, "__init__")
    def init(right: Right, self: Any, *problems: Problem) -> None:
        of_query = [each for each in problems if each.pointer.startswith("/query/")]
        right(self, *(of_query or problems))


@fault(caught_by="all_problems_are_named_at_once")
def parameters_are_refused_one_by_one(patch: Patch) -> None:
    """Of several wrong parameters of a query the first one is named."""

    @patch(operation, "read_query")
    def read_query(right: Right, *what: Any) -> Any:
        arguments, problems = right(*what)
        return arguments, problems[:1]


@fault(caught_by="nothing_is_taken_where_no_body_belongs")
def bodies_are_ignored_where_none_belongs(patch: Patch) -> None:
    """What is sent to an operation that takes no body is not looked at."""

    @patch(BodyRule, "read")
    def read(right: Right, self: Any, request: Any) -> Any:
        return right(self, request) if self.is_argument else (None, [])


@fault(caught_by="nothing_is_taken_where_no_body_belongs")
def empty_objects_are_refused(patch: Patch) -> None:
    """An empty object is 400 where no body belongs, though many clients send one."""

    @patch(BodyRule, "read")
    def read(right: Right, self: Any, request: Any) -> Any:
        body, problems = right(self, request)
        is_odd = body == {} and not self.is_argument
        return body, [Problem("", "must not be there"), *problems] if is_odd else problems


@fault(caught_by="bad_headers_are_refused")
def headers_are_not_held_to_their_schema(patch: Patch) -> None:
    """A header is taken as it comes, be it as long as it likes."""

    @patch(operation, "read_headers")
    def read_headers(right: Right, request: Any, rules: Any) -> Any:
        arguments, problems = right(request, rules)
        return arguments, [each for each in problems if "repeated" in each.message]


@fault(caught_by="bad_headers_are_refused")
def the_first_of_two_headers_counts(patch: Patch) -> None:
    """Of a header that comes twice nobody is told that the second one is not looked at."""

    @patch(operation, "read_headers")
    def read_headers(right: Right, request: Any, rules: Any) -> Any:
        arguments, problems = right(request, rules)
        return arguments, [each for each in problems if "repeated" not in each.message]


@fault(caught_by="past_expiry_is_refused")
def keys_may_be_born_expired(patch: Patch) -> None:
    """An expiry that has passed is accepted."""
    _overlook(patch, lambda problem: problem.message == "must be in the future")


def _overlook(patch: Patch, is_overlooked: Callable[[Problem], bool]) -> None:
    @patch(BodyRule, "read")
    def read(right: Right, self: Any, request: Any) -> Any:
        body, problems = right(self, request)
        return body, [problem for problem in problems if not is_overlooked(problem)]


def _drop_members(patch: Patch, is_dropped: Callable[[str], bool]) -> None:
    @patch(BodyRule, "read")
    def read(right: Right, self: Any, request: Any) -> Any:
        body, problems = right(self, request)
        unknown = [p for p in problems if p.message == "is not a known member"]
        dropped = [problem for problem in unknown if is_dropped(problem.pointer[1:])]
        for problem in dropped:
            *steps, last = problem.pointer[1:].split("/")
            del (body[steps[0]] if steps else body)[last]
        return body, [problem for problem in problems if problem not in dropped]


def _name_of(case: Case) -> str | None:
    body = parse_json(case.request.body)
    name = body.get("name") if isinstance(body, dict) else None
    return name if isinstance(name, str) and name.strip() and name.isprintable() else None


@fault(caught_by="odd_items_are_refused")
def odd_items_are_dropped(patch: Patch) -> None:
    """A scope that nobody knows is silently dropped from a list of scopes."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        scopes = parsed.get("scopes") if isinstance(parsed, dict) else None
        if isinstance(scopes, list):
            parsed["scopes"] = [s for s in scopes if s in scope_words(ALL_SCOPES)] or scopes
        return parsed


@fault(caught_by="repeated_items_are_refused")
def only_neighbours_are_compared(patch: Patch) -> None:
    """A scope that comes twice is noticed only beside itself."""

    @patch(BodyRule, "read")
    def read(right: Right, self: Any, request: Any) -> Any:
        body, problems = right(self, request)
        scopes = body.get("scopes") if isinstance(body, dict) else None
        apart = isinstance(scopes, list) and all(a != b for a, b in pairwise(scopes))
        return body, [p for p in problems if not (apart and p.message == "repeats an earlier item")]


@fault(caught_by="missing_members_are_refused")
def half_a_limit_is_completed(patch: Patch) -> None:
    """A limit without its window is taken for one of a minute as a key is made."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        limit = parsed.get("rateLimit") if isinstance(parsed, dict) else None
        if isinstance(limit, dict) and "scopes" in parsed:
            limit.setdefault("windowSeconds", 60)
        return parsed
