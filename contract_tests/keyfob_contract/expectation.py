"""What the spec makes of a request before anybody's key is looked at, and after.

Written from the contract alone, so that it can disagree with an implementation.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import unquote_to_bytes

from keyfob_contract.spec import Contract, Operation, Segments, segments_of
from keyfob_contract.target import Request

MOST_BODY_BYTES = 64 * 1024

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)


class Fate(Enum):
    """How far a request gets with a key that may do everything."""

    MALFORMED_TARGET = "malformed target"
    UNKNOWN_PATH = "unknown path"
    WRONG_METHOD = "wrong method"
    TOO_LARGE = "too large"
    WRONG_MEDIA_TYPE = "wrong media type"
    INVALID = "invalid"
    VALID = "valid"

    @property
    def statuses(self) -> frozenset[int]:
        """The statuses that say so."""
        return _STATUSES[self]

    @property
    def reaches_authentication(self) -> bool:
        """Whether a key is asked for before anything else is told."""
        return self in {Fate.WRONG_MEDIA_TYPE, Fate.INVALID, Fate.VALID}


_STATUSES = {
    Fate.MALFORMED_TARGET: frozenset({400}),
    Fate.UNKNOWN_PATH: frozenset({404}),
    Fate.WRONG_METHOD: frozenset({405}),
    Fate.TOO_LARGE: frozenset({413}),
    Fate.WRONG_MEDIA_TYPE: frozenset({415}),
    Fate.INVALID: frozenset({400}),
    Fate.VALID: frozenset({200, 201, 204, 403, 404, 409}),
}


@dataclass(frozen=True)
class Expectation:
    """What to expect.

    Attributes:
        operation: the one that the request reaches, if any.
        allow: the methods of its path, if there is such a path.
    """

    fate: Fate
    operation: Operation | None = None
    allow: frozenset[str] = frozenset()


def expect(contract: Contract, request: Request) -> Expectation:
    """Judge a request by the spec."""
    segments = _decoded_segments(request.path)
    if segments is None:
        return Expectation(Fate.MALFORMED_TARGET)
    here = _operations_at(contract, segments)
    if not here:
        return Expectation(Fate.UNKNOWN_PATH)
    allow = frozenset(here) | ({"HEAD"} if "GET" in here else frozenset[str]())
    operation = here.get("GET" if request.method == "HEAD" else request.method)
    if operation is None:
        return Expectation(Fate.WRONG_METHOD, allow=allow)
    return Expectation(_fate(operation, segments, request), operation, allow)


def _operations_at(contract: Contract, segments: Segments) -> dict[str, Operation]:
    literal = {o.method: o for o in contract.operations if o.template == segments}
    return literal or {o.method: o for o in contract.operations if _matches(o.template, segments)}


def _matches(template: Segments, segments: Segments) -> bool:
    return len(template) == len(segments) and all(
        bool(given) if expected.startswith("{") else expected == given
        for expected, given in zip(template, segments, strict=True)
    )


def _fate(operation: Operation, segments: Segments, request: Request) -> Fate:
    if len(request.body) > MOST_BODY_BYTES:
        return Fate.TOO_LARGE
    if request.body and not _is_labelled_json(request):
        return Fate.WRONG_MEDIA_TYPE
    valid = (
        _path_is_valid(operation, segments)
        and _query_is_valid(operation, request.query)
        and _headers_are_valid(operation, request)
        and _body_is_valid(operation, request.body)
    )
    return Fate.VALID if valid else Fate.INVALID


def _decoded_segments(path: str) -> Segments | None:
    text = _decoded(path)
    return None if text is None else segments_of(text)


def _decoded(encoded: str) -> str | None:
    if _BROKEN_ESCAPE.search(encoded):
        return None
    try:
        text = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return None
    return None if _CONTROL_CHARACTER.search(text) else text


def _path_is_valid(operation: Operation, segments: Segments) -> bool:
    named = zip(operation.template, segments, strict=True)
    values = {name[1:-1]: value for name, value in named if name.startswith("{")}
    return all(operation.path_values[name].is_valid(value) for name, value in values.items())


def _query_is_valid(operation: Operation, query: str) -> bool:
    seen: set[str] = set()
    for pair in query.split("&") if query else ():
        raw_name, _, raw_value = pair.partition("=")
        name, text = _decoded(raw_name.replace("+", " ")), _decoded(raw_value.replace("+", " "))
        if name is None or text is None or name in seen or name not in operation.query:
            return False
        seen.add(name)
        rule = operation.query[name]
        if rule.is_integer and not _INTEGER.fullmatch(text):
            return False
        if not rule.validator.is_valid(int(text) if rule.is_integer else text):
            return False
    return True


def _headers_are_valid(operation: Operation, request: Request) -> bool:
    given = {name: request.header_values(name) for name in operation.headers}
    return all(
        len(values) <= 1 and all(operation.headers[name].is_valid(value) for value in values)
        for name, values in given.items()
    )


def _is_labelled_json(request: Request) -> bool:
    media_types = request.header_values("content-type")
    if len(media_types) != 1 or request.header_values("content-encoding"):
        return False
    media_type, *parameters = (part.strip().lower() for part in media_types[0].split(";"))
    known = {"", "charset=utf-8", 'charset="utf-8"'}
    return media_type == "application/json" and all(p in known for p in parameters)


def _body_is_valid(operation: Operation, body: bytes) -> bool:
    if not body:
        return not operation.body_required
    try:
        parsed = parse_strictly(body)
    except (ValueError, RecursionError):
        return False
    return parsed == {} if operation.body is None else operation.body.is_valid(parsed)


def parse_strictly(body: bytes) -> Any:
    """Read JSON without duplicate members, NaN and lone surrogates. Raises ValueError."""
    parsed = json.loads(body.decode(), object_pairs_hook=_members, parse_constant=_refuse)
    json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()
    return parsed


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("duplicate members")
    return dict(pairs)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
