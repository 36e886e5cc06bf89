"""Faults in how strictly bodies and queries are read."""

import re
from typing import Any

from keyfob.gate import asgi, json_body, operation, parameters
from keyfob_contract.faults.fault import Patch, Right, fault

LARGEST_PAGE = 100
DEEP = 500


@fault(caught_by="unknown_parameters_are_refused")
def unknown_parameters_are_dropped(patch: Patch) -> None:
    """A query parameter that nobody knows, such as a filter misspelt, is silently dropped."""
    _overlook_in_queries(patch, "is not a parameter of this operation")


@fault(caught_by="unknown_parameters_are_refused")
def parameters_against_caches_are_dropped(patch: Patch) -> None:
    """The parameter that some add so that no cache answers is silently dropped."""

    @patch(parameters, "_pairs")
    def pairs(right: Right, query: bytes) -> Any:
        return [pair for pair in right(query) if pair[0] != b"_"]


@fault(caught_by="ambiguous_json_is_refused")
def the_last_of_two_members_within_counts(patch: Patch) -> None:
    """Of a member that comes twice in an object within the body the last one counts."""

    @patch(json_body, "_members")
    def members(right: Right, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(pairs) if "a" in dict(pairs) else right(pairs)


@fault(caught_by="repeated_parameters_are_refused")
def the_first_of_two_parameters_counts(patch: Patch) -> None:
    """Of a query parameter that comes twice the first is taken."""
    _overlook_in_queries(patch, "must not be repeated")


@fault(caught_by="bad_parameters_are_refused")
def numbers_are_read_as_the_language_does(patch: Patch) -> None:
    """A limit of 1_0, or in the digits of any script, is taken for a number."""
    patch.put(parameters, "_INTEGER", re.compile(r"\s*-?[\d_]+"))


@fault(caught_by="bad_parameters_are_refused")
def large_pages_are_made_smaller(patch: Patch) -> None:
    """A limit beyond the greatest is silently made the greatest."""

    @patch(operation, "read_query")
    def read_query(right: Right, *asked: Any) -> Any:
        arguments, problems = right(*asked)
        large = [p for p in problems if p.pointer == "/query/limit" and "at most" in p.message]
        arguments |= {"limit": LARGEST_PAGE} if large else {}
        return arguments, [p for p in problems if p not in large]


@fault(caught_by="ambiguous_json_is_refused")
def the_last_of_two_members_counts(patch: Patch) -> None:
    """Of a member that comes twice the last is taken."""
    patch.put(json_body, "_members", dict)


@fault(caught_by="ambiguous_json_is_refused")
def what_is_no_utf8_is_guessed(patch: Patch) -> None:
    """Bytes that are no UTF-8 are replaced by question marks."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        return right(body.decode(errors="replace").encode())


@fault(caught_by="ambiguous_json_is_refused")
def lone_surrogates_crash(patch: Patch) -> None:
    """A lone surrogate is 500."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        if b"\\ud800" in body:
            body.decode().encode().decode("unicode_escape").encode()
        return right(body)


@fault(caught_by="ambiguous_json_is_refused")
def deep_json_crashes(patch: Patch) -> None:
    """Brackets in brackets, a thousand deep, are 500."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        if body.count(b"[") > DEEP:
            raise RecursionError("maximum recursion depth exceeded")
        return right(body)


@fault(caught_by="ambiguous_json_is_refused")
def long_numbers_crash(patch: Patch) -> None:
    """A number of five thousand digits is 500."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        if re.search(rb"[0-9]{4301}", body):
            raise OverflowError("Exceeds the limit for integer string conversion")
        return right(body)


@fault(caught_by="other_media_types_are_refused")
def media_types_are_not_looked_at(patch: Patch) -> None:
    """A body is read as JSON whatever it is labelled as."""
    patch.put(operation, "demand_json", lambda _request: None)


@fault(caught_by="long_bodies_are_refused")
def the_greatest_body_is_refused(patch: Patch) -> None:
    """A body of the greatest length is refused: the limit is off by one."""

    @patch(asgi, "read_body")
    async def read_body(right: Right, receive: Any, headers: Any, limit: int) -> Any:
        return await right(receive, headers, limit - 1)


@fault(caught_by="long_bodies_are_refused")
def long_bodies_are_read(patch: Patch) -> None:
    """A body longer than the greatest is read."""

    @patch(asgi, "read_body")
    async def read_body(right: Right, receive: Any, headers: Any, limit: int) -> Any:
        return await right(receive, headers, 2 * limit)


def _overlook_in_queries(patch: Patch, message: str) -> None:
    @patch(operation, "read_query")
    def read_query(right: Right, *asked: Any) -> Any:
        arguments, problems = right(*asked)
        return arguments, [problem for problem in problems if problem.message != message]


@fault(caught_by="bad_parameters_are_refused")
def blank_filters_are_none(patch: Patch) -> None:
    """A filter that is sent empty, as by a form, is silently dropped."""

    @patch(parameters, "_pairs")
    def pairs(right: Right, query: bytes) -> Any:
        return [pair for pair in right(query) if pair[1] or pair[0] == b"blank"]
