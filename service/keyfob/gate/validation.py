"""Schemas of the spec, compiled once at start, and their errors as problems with JSON pointers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import jsonschema_rs

from keyfob.errors import Problem
from keyfob.gate.text import CONTROL_CHARACTER
from keyfob.model import Clock
from keyfob.timestamps import parse_timestamp

Path = tuple[str | int, ...]


class Schema:
    """A compiled schema of the spec."""

    def __init__(self, schema: Mapping[str, Any], clock: Clock) -> None:
        self._validator = jsonschema_rs.Draft4Validator(
            _as_json_schema(schema),
            formats={"date-time": _is_timestamp},
            validate_formats=True,
            keywords={"x-must-be-future": _future_keyword(clock)},
        )

    def problems(self, instance: Any, at: Path = ()) -> list[Problem]:
        """Answer all places where an instance is wrong, each once; pointers begin with ``at``."""
        if self._validator.is_valid(instance):
            return []
        return list(_by_pointer(self._validator.iter_errors(instance), at).values())


def pointer(path: Path) -> str:
    """Spell a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _as_json_schema(schema: Any) -> Any:
    """Translate what OpenAPI 3.0 says in its own way: ``nullable``."""
    if isinstance(schema, list):
        return [_as_json_schema(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    words = cast("Mapping[str, Any]", schema)
    translated = {
        word: _each_as_json_schema(value) if word == "properties" else _as_json_schema(value)
        for word, value in words.items()
        if word != "example"
    }
    if translated.pop("nullable", False) is True:
        translated["type"] = [translated["type"], "null"]
    return translated


def _each_as_json_schema(members: Mapping[str, Any]) -> dict[str, Any]:
    # Names of members are no words of a schema: one may be "example".
    return {name: _as_json_schema(schema) for name, schema in members.items()}


def _is_timestamp(text: str) -> bool:
    try:
        parse_timestamp(text)
    except ValueError:
        return False
    return True


def _future_keyword(clock: Clock) -> type:
    class MustBeFuture:
        """The spec's ``x-must-be-future``; what is no time at all, ``format`` speaks of."""

        def __init__(self, *_args: Any) -> None:
            pass

        def validate(self, instance: Any) -> None:
            is_time = isinstance(instance, str) and _is_timestamp(instance)
            if is_time and parse_timestamp(instance) <= clock():
                raise ValueError("must be in the future")

    return MustBeFuture


def _by_pointer(errors: Iterable[jsonschema_rs.ValidationError], at: Path) -> Mapping[str, Problem]:
    found: dict[str, Problem] = {}
    for error in errors:
        for problem in _problems(error, at):
            found.setdefault(problem.pointer, problem)
    return found


def _problems(error: jsonschema_rs.ValidationError, at: Path) -> Iterable[Problem]:
    path = (*at, *error.instance_path)
    kind: Any = error.kind  # its attributes depend on its name
    match kind.name:
        case "required":
            yield Problem(pointer((*path, kind.property)), "is required")
        case "additionalProperties":
            for name in kind.unexpected:
                yield Problem(pointer((*path, name)), "is not a known member")
        case "oneOf" | "anyOf":
            yield from _nearest(_of_the_right_type(error), at)
        case "uniqueItems":
            for position in _repeated(cast("list[Any]", error.instance)):
                yield Problem(pointer((*path, position)), "repeats an earlier item")
        case _:
            yield Problem(pointer(path), _message(error))


def _nearest(
    alternatives: Sequence[Sequence[jsonschema_rs.ValidationError]], at: Path
) -> Iterable[Problem]:
    """Answer what is wrong with the alternative that was missed by the least, or with each such."""
    by_pointer = [_by_pointer(missed, at) for missed in alternatives]
    nearest = min(by_pointer, key=len)
    same_places = [each for each in by_pointer if each.keys() == nearest.keys()]
    for place in nearest:
        first, *others = dict.fromkeys(each[place].message for each in same_places)
        yield Problem(place, " or ".join([first, *(text.removeprefix("must ") for text in others)]))


def _of_the_right_type(error: Any) -> Sequence[Sequence[jsonschema_rs.ValidationError]]:
    """Answer the alternatives whose type the instance has, or all if it has the type of none."""
    here = error.instance_path
    fitting = [
        errors
        for errors in error.kind.context
        if not any(e.kind.name == "type" and e.instance_path == here for e in errors)
    ]
    return fitting or error.kind.context


def _repeated(items: list[Any]) -> Iterable[int]:
    for position, item in enumerate(items):
        if item in items[:position]:
            yield position


_MESSAGES = {
    "minLength": "must have at least {limit} characters",
    "maxLength": "must have at most {limit} characters",
    "minItems": "must have at least {limit} items",
    "maxItems": "must have at most {limit} items",
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "format": "must be an RFC 3339 date-time such as 2027-03-01T00:00:00+01:00",
    "x-must-be-future": "must be in the future",
}
_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "array": "a list",
    "object": "an object",
}


def _message(error: jsonschema_rs.ValidationError) -> str:
    """Say what is wrong without repeating the value: it may be a secret in the wrong place."""
    facts: Mapping[str, Any] = error.kind.as_dict()
    match error.kind.name:
        case "type":
            types: list[str] = facts["types"]
            return "must be " + " or ".join(_TYPE_NAMES.get(name, name) for name in types)
        case "enum":
            options = [str(option) for option in facts["options"]]
            return ("must be one of " if len(options) > 1 else "must be ") + ", ".join(options)
        case "pattern":
            return _pattern_message(str(error.instance), facts["pattern"])
        case name:
            return _MESSAGES.get(name, "breaks the contract").format(**facts)


def _pattern_message(text: str, pattern: str) -> str:
    if CONTROL_CHARACTER.search(text):
        return "must not contain control characters"
    is_blank = not text.replace("\ufeff", "").strip()
    return "must not be blank" if is_blank else f"must match {pattern}"
