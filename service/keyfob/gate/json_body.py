"""Bodies: their media type, and JSON read strictly.

The standard parser, since it has hooks for duplicate members and for constants that JSON does not
know; bodies are at most 64 KiB.
"""

import json
import math
import re
from typing import Any

from keyfob.gate.refusals import MalformedJson, UnsupportedMediaType
from keyfob.gate.request import Request

DEEPEST = 32

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


def demand_json(request: Request) -> None:
    """Refuse a body that is labelled as anything but JSON in UTF-8, or that is compressed."""
    content_types = request.header_values(b"content-type")
    if len(content_types) != 1 or request.header_values(b"content-encoding"):
        raise UnsupportedMediaType
    media_type, *parameters = (part.strip().lower() for part in content_types[0].split(";"))
    if media_type != "application/json":
        raise UnsupportedMediaType
    for parameter in parameters:
        if parameter.replace('"', "") not in {"charset=utf-8", ""}:
            raise UnsupportedMediaType


def parse_json(body: bytes) -> Any:
    """Read JSON that means one thing only (RFC 8259, section 4; I-JSON, RFC 7493).

    Raises:
        MalformedJson: not UTF-8, not JSON, duplicate members, NaN or infinity, lone surrogates,
            too deep, or numbers too large to keep.
    """
    if _is_too_deep(body):
        raise MalformedJson
    try:
        parsed = json.loads(
            body.decode(),
            object_pairs_hook=_members,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
        if b"\\u" in body:  # the only way in for a lone surrogate
            json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise MalformedJson from None
    return parsed


def _is_too_deep(body: bytes) -> bool:
    """Say whether brackets nest beyond what any schema here asks for; each level costs stack."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate members")
    return members


def _no_constant(constant: str) -> Any:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("out of range")
    return number
