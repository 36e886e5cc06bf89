"""Query strings, read strictly: nothing unknown, nothing twice, nothing guessed.

By hand, since the usual parsers take the first or last of repeated parameters, forgive broken
encodings, and read ``1_0`` or Arabic digits as numbers.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from keyfob.errors import Problem
from keyfob.gate.request import Request
from keyfob.gate.text import CONTROL_CHARACTER, has_broken_escape
from keyfob.gate.validation import Schema, pointer

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation.

    Attributes:
        argument: what the handler calls it.
        default: its value when it was not sent.
    """

    name: str
    argument: str
    place: str
    schema: Schema
    is_integer: bool = False
    default: Any = None

    def read(self, text: str) -> tuple[Any, list[Problem]]:
        """Answer the value of a text, and what is wrong with it."""
        at = (self.place, self.name)
        if not self.is_integer:
            return text, self.schema.problems(text, at)
        if not _INTEGER.fullmatch(text):
            return None, [Problem(pointer(at), "must be a whole number")]
        return int(text), self.schema.problems(int(text), at)


def read_query(
    query: bytes, parameters: Mapping[str, Parameter]
) -> tuple[dict[str, Any], list[Problem]]:
    """Answer the arguments that a query string gives, and every problem with it, each once."""
    arguments = {parameter.argument: parameter.default for parameter in parameters.values()}
    problems: list[Problem] = []
    seen: set[str] = set()
    for raw_name, raw_value in _pairs(query):
        name = _decoded(raw_name)
        if name is None or name not in parameters:
            at = ("query",) if name is None else ("query", name)
            problems.append(Problem(pointer(at), "is not a parameter of this operation"))
        elif name in seen:
            problems.append(Problem(pointer(("query", name)), "must not be repeated"))
        elif (text := _decoded(raw_value)) is None:
            problem = "must be UTF-8, percent-encoded, without control characters"
            problems.append(Problem(pointer(("query", name)), problem))
        else:
            parameter = parameters[name]
            arguments[parameter.argument], found = parameter.read(text)
            problems.extend(found)
        if name is not None:
            seen.add(name)
    return arguments, list(dict.fromkeys(problems))


def read_headers(
    request: Request, parameters: Iterable[Parameter]
) -> tuple[dict[str, Any], list[Problem]]:
    """Answer the arguments that headers give, and every problem with them."""
    arguments: dict[str, Any] = {}
    problems: list[Problem] = []
    for parameter in parameters:
        arguments[parameter.argument] = parameter.default
        match request.header_values(parameter.name.lower().encode()):
            case []:
                pass
            case [text]:
                arguments[parameter.argument], found = parameter.read(text)
                problems.extend(found)
            case _:
                at = pointer(("header", parameter.name))
                problems.append(Problem(at, "must not be repeated"))
    return arguments, problems


def _pairs(query: bytes) -> Iterable[tuple[bytes, bytes]]:
    for pair in query.split(b"&") if query else ():
        name, _, value = pair.partition(b"=")
        yield name, value


def _decoded(encoded: bytes) -> str | None:
    if has_broken_escape(encoded):
        return None
    try:
        text = unquote_to_bytes(encoded.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None
    return None if CONTROL_CHARACTER.search(text) else text
