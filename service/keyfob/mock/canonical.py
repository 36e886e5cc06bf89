"""What a body says, in one spelling: how a client wrote it down this time makes no other wish."""

import json
from typing import Any

from keyfob.timestamps import parse_timestamp


def canonical(body: bytes) -> bytes:
    """Answer JSON with its members in order, nulls left out and times in UTC; else what came."""
    try:
        return json.dumps(_canonical(json.loads(body)), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body


def _canonical(value: Any) -> Any:
    match value:
        case dict():
            return {name: _canonical(each) for name, each in value.items() if each is not None}
        case list():
            return [_canonical(each) for each in value]
        case str():
            return _moment(value)
        case _:
            return value


def _moment(text: str) -> str | int:
    try:
        return parse_timestamp(text)
    except ValueError:
        return text
