"""What the spec makes of a request before anybody's key is looked at, and after.

Written from the contract alone, so that it can disagree with an implementation.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

from keyfob_contract.rules.profile import StrictnessProfile
from keyfob_contract.rules.spec import Contract, Operation, Parameter, Segments, segments_of
from keyfob_contract.wire.message import Request

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
    OPEN = "left open by the contract"

    @property
    def statuses(self) -> frozenset[int]:
        """The statuses that say so."""
        return _STATUSES[self]

    @property
    def reaches_authentication(self) -> bool:
        """Whether a key is asked for before anything else is told."""
        return self in {Fate.WRONG_MEDIA_TYPE, Fate.INVALID, Fate.VALID, Fate.OPEN}


_STATUSES = {
    Fate.MALFORMED_TARGET: frozenset({400}),
    Fate.UNKNOWN_PATH: frozenset({404}),
    Fate.WRONG_METHOD: frozenset({405}),
    Fate.TOO_LARGE: frozenset({413}),
    Fate.WRONG_MEDIA_TYPE: frozenset({415}),
    Fate.INVALID: frozenset({400}),
    Fate.VALID: frozenset({200, 201, 202, 204, 403, 404, 409}),
    Fate.OPEN: frozenset[int](),
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

    def acceptable(self, strictness: StrictnessProfile) -> frozenset[int] | None:
        """Answer the statuses that a live key may get; None if the contract leaves them open."""
        match self.fate:
            case Fate.WRONG_MEDIA_TYPE:
                return self.fate.statuses
            case Fate.INVALID if strictness.schemas:
                return frozenset(strictness.invalid)
            case Fate.VALID if strictness.schemas:
                replies = self.operation.replies if self.operation else ()
                return self.fate.statuses | {s for s in replies if 200 <= s < 400}
            case fate if not fate.reaches_authentication and strictness.early_refusals:
                return fate.statuses
            case _:
                return None


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
    strictness = contract.profile.strictness
    return Expectation(_fate(operation, segments, request, strictness), operation, allow)


def _operations_at(contract: Contract, segments: Segments) -> dict[str, Operation]:
    literal = {o.method: o for o in contract.operations if o.template == segments}
    if literal:
        return literal
    found = [o for o in contract.operations if named_values(o.template, segments) is not None]
    return {operation.method: operation for operation in found}


def named_values(template: Segments, segments: Segments) -> dict[str, str] | None:
    """Answer what the segments of a path put in the places of a template's names, if they fit."""
    if len(template) != len(segments):
        return None
    values: dict[str, str] = {}
    for expected, given in zip(template, segments, strict=True):
        names, pattern = _segment(expected)
        match = pattern.fullmatch(given)
        if match is None:
            return None
        values.update(zip(names, match.groups(), strict=True))
    return values


@cache
def _segment(template: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Read a segment: it may be a name, hold names, as ``{id}.json`` does, or none."""
    parts = re.split(r"\{([^}]*)\}", template)
    texts = [re.escape(text) for text in parts[::2]]
    return tuple(parts[1::2]), re.compile("(.+)".join(texts), re.DOTALL)


def _fate(
    operation: Operation, segments: Segments, request: Request, strictness: StrictnessProfile
) -> Fate:
    most = strictness.max_body_bytes
    if most is not None and len(request.body) > most:
        return Fate.TOO_LARGE
    if strictness.json_only and request.body and not _is_labelled_json(request):
        return Fate.WRONG_MEDIA_TYPE
    judgements = (
        _path_is_valid(operation, segments),
        _query_is_valid(operation, request.query, strictness),
        _headers_are_valid(operation, request),
        _body_is_valid(operation, request, strictness),
    )
    if False in judgements:
        return Fate.INVALID
    return Fate.OPEN if None in judgements else Fate.VALID


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


# Whether input is valid: None where the contract does not tell.


def _path_is_valid(operation: Operation, segments: Segments) -> bool | None:
    values = named_values(operation.template, segments) or {}
    return _all_of(
        _value_is_valid(operation.path_values[name], value)
        for name, value in values.items()
        if name in operation.path_values
    )


def _query_is_valid(operation: Operation, query: str, strictness: StrictnessProfile) -> bool | None:
    seen: set[str] = set()
    judgements: list[bool | None] = []
    unpromised = False if strictness.unknown_parameters else None
    for pair in query.split("&") if query else ():
        raw_name, _, raw_value = pair.partition("=")
        name, text = _decoded(raw_name.replace("+", " ")), _decoded(raw_value.replace("+", " "))
        if name is None or text is None or name in seen or name not in operation.query:
            judgements.append(unpromised)
        else:
            judgements.append(_value_is_valid(operation.query[name], text))
            seen.add(name)
    missing = [n for n, rule in operation.query.items() if rule.required and n not in seen]
    return False if missing else _all_of(judgements)


def _headers_are_valid(operation: Operation, request: Request) -> bool | None:
    given = {name: request.header_values(name) for name in operation.headers}
    if any(len(values) > 1 for values in given.values()):
        return False
    return _all_of(
        _value_is_valid(operation.headers[name], values[0])
        for name, values in given.items()
        if values
    )


def _value_is_valid(rule: Parameter, text: str) -> bool | None:
    if rule.is_integer:
        return _INTEGER.fullmatch(text) is not None and rule.validator.is_valid(int(text))
    return rule.validator.is_valid(text) if rule.is_text else None


def _all_of(judgements: Iterable[bool | None]) -> bool | None:
    found = list(judgements)
    if False in found:
        return False
    return None if None in found else True


def _is_labelled_json(request: Request) -> bool:
    media_types = request.header_values("content-type")
    if len(media_types) != 1 or request.header_values("content-encoding"):
        return False
    media_type, *parameters = (part.strip().lower() for part in media_types[0].split(";"))
    known = {"", "charset=utf-8", 'charset="utf-8"'}
    return media_type == "application/json" and all(p in known for p in parameters)


def _body_is_valid(
    operation: Operation, request: Request, strictness: StrictnessProfile
) -> bool | None:
    if not request.body:
        return not operation.body_required
    unpromised = False if strictness.json_only else None
    if operation.body is None and operation.body_required:
        return unpromised  # of a media type that the kit does not read
    if not (strictness.json_only or _is_labelled_json(request)):
        return None
    try:
        parsed = parse_strictly(request.body)
    except (ValueError, RecursionError):
        return unpromised
    if operation.body is None:
        return parsed == {} or unpromised
    return operation.body.validator.is_valid(parsed)


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
