"""Good bodies made bad in one place, by what their schema says."""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyfob_contract.rules.spec import Document

Json = Any
Schema = Mapping[str, Any]

UNKNOWN = ("isAdmin",)
ONLY_IN_REPLIES = ("id", "status", "createdAt")
CONTROL_CHARACTERS = ("\x00", "\n", "\x7f", "\x9f")
BLANK = "  "
ANOTHER_ITEM = ("kit:none", 7, None, "a\nb", "")
LONGEST_TEXT = 50_000
"""Longer ones would not fit into a body, and are refused for that."""

_OF_ANOTHER_TYPE: Mapping[str, Json] = {
    "string": 7,
    "integer": "7",
    "number": "7",
    "boolean": "true",
    "array": "none",
    "object": "none",
}


@dataclass(frozen=True)
class Mutation:
    """A body that is wrong in one place.

    Attributes:
        what: is wrong, in words.
        pointer: JSON pointer to it.
    """

    what: str
    pointer: str
    body: Json


class Mutations:
    """Makes bad bodies of a good one, member by member.

    Args:
        schema: of the body, an object.
        good: a body that is valid.
    """

    def __init__(self, document: Document, schema: Schema, good: Mapping[str, Json]) -> None:
        self._document = document
        self._schema = schema
        self.good = good

    @property
    def members(self) -> dict[str, Schema]:
        """The members of the body, each with its schema."""
        found = self._schema.get("properties", {})
        return {name: self._document.resolve(schema) for name, schema in found.items()}

    def unknown_member(self) -> Iterator[Mutation]:
        """A member that the schema does not know, here and in the objects within."""
        if self._schema.get("additionalProperties") is False:
            for name in (*UNKNOWN, *ONLY_IN_REPLIES):
                if name not in self.members:
                    yield self._with(f"{name}, which is no member", f"/{name}", **{name: "kit"})
        for name, schema in self._objects():
            inner = {**_example_of(schema, self.good.get(name)), "isAdmin": True}
            if schema.get("additionalProperties") is False:
                what = f"a member of {name} that nobody knows"
                yield self._with(what, f"/{name}/isAdmin", **{name: inner})

    def missing_member(self) -> Iterator[Mutation]:
        """A required member left out."""
        for name in self._schema.get("required", ()):
            body = {key: value for key, value in self.good.items() if key != name}
            yield Mutation(f"no {name}", f"/{name}", body)
        for name, schema in self._objects():
            for inner in schema.get("required", ()):
                whole = _example_of(schema, self.good.get(name))
                rest = {key: value for key, value in whole.items() if key != inner}
                yield self._with(f"no {name}.{inner}", f"/{name}/{inner}", **{name: rest})

    def wrong_type(self) -> Iterator[Mutation]:
        """A member of another type, and null where none is allowed."""
        for name, schema in self.members.items():
            kind = _type_of(schema)
            if kind is not None:
                what = f"{name} of another type"
                yield self._with(what, f"/{name}", **{name: _OF_ANOTHER_TYPE[kind]})
            if kind is not None and not _takes_null(schema):
                yield self._with(f"{name} null", f"/{name}", **{name: None})
        for name, schema in self._objects():
            for inner, inner_schema in schema.get("properties", {}).items():
                kind = _type_of(self._document.resolve(inner_schema))
                if kind == "integer":
                    for wrong in (True, 1.5, "1", None):
                        value = {**_example_of(schema, self.good.get(name)), inner: wrong}
                        what = f"{name}.{inner} as {wrong!r}"
                        yield self._with(what, f"/{name}/{inner}", **{name: value})

    def out_of_bounds(self) -> Iterator[Mutation]:
        """Texts, lists and numbers that are too long, short, large or small, or unlisted."""
        for name, schema in self.members.items():
            for what, value in _beyond(schema):
                yield self._with(f"{name} {what}", f"/{name}", **{name: value})
        for name, schema in self._objects():
            for inner, inner_schema in schema.get("properties", {}).items():
                for what, wrong in _beyond(self._document.resolve(inner_schema)):
                    value = {**_example_of(schema, self.good.get(name)), inner: wrong}
                    yield self._with(f"{name}.{inner} {what}", f"/{name}/{inner}", **{name: value})

    def control_character(self) -> Iterator[Mutation]:
        """A control character within a text."""
        for name, schema in self.members.items():
            if _type_of(schema) == "string" and "pattern" in schema and "format" not in schema:
                for character in CONTROL_CHARACTERS:
                    what = f"{name} with U+{ord(character):04X}"
                    yield self._with(what, f"/{name}", **{name: f"a{character}b"})
                yield self._with(
                    f"{name} with a line break at its end", f"/{name}", **{name: "a\n"}
                )

    def repeated_item(self) -> Iterator[Mutation]:
        """A set that holds something twice."""
        for name, schema in self.members.items():
            alternatives = [self._document.resolve(s) for s in schema.get("oneOf", [schema])]
            good = self.good.get(name)
            if any(s.get("uniqueItems") for s in alternatives) and isinstance(good, list) and good:
                twice = [good[0], good[0]]
                yield self._with(f"{name} twice", f"/{name}", **{name: twice})
                if len(good) > 1:
                    apart = [*good[:2], good[0]]
                    yield self._with(f"{name} twice, apart", f"/{name}", **{name: apart})

    def odd_item(self) -> Iterator[Mutation]:
        """A list with an item that may not be in it, behind those that may."""
        for name in self.members:
            good = self.good.get(name)
            if not isinstance(good, list) or not good:
                continue
            for odd in ANOTHER_ITEM:
                yield self._with(f"{name} with {odd!r}", f"/{name}", **{name: [*good, odd]})

    def everything(self) -> tuple[Json, frozenset[str]]:
        """A body in which all is wrong at once, and the pointers to it."""
        body: dict[str, Json] = dict(self.good)
        pointers: set[str] = set()
        for mutation in (*self.wrong_type(), *self.unknown_member()):
            name = mutation.pointer.split("/")[1]
            if f"/{name}" == mutation.pointer and mutation.pointer not in pointers:
                body[name] = mutation.body[name]
                pointers.add(mutation.pointer)
        return body, frozenset(pointers)

    def _objects(self) -> Iterator[tuple[str, Schema]]:
        for name, schema in self.members.items():
            if _type_of(schema) == "object" and schema.get("properties"):
                yield name, schema

    def _with(self, what: str, pointer: str, **members: Json) -> Mutation:
        return Mutation(what, pointer, {**copy.deepcopy(dict(self.good)), **members})


def _type_of(schema: Schema) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):  # as OpenAPI 3.1 says nullable
        kinds = [each for each in kind if each != "null"]
        kind = kinds[0] if len(kinds) == 1 else None
    if kind is None and "oneOf" in schema:
        kinds = {each.get("type") for each in schema["oneOf"]}
        kind = kinds.pop() if len(kinds) == 1 else None
    return kind if kind in _OF_ANOTHER_TYPE else None


def _takes_null(schema: Schema) -> bool:
    kind = schema.get("type")
    return schema.get("nullable") is True or (isinstance(kind, list) and "null" in kind)


def _beyond(schema: Schema) -> Iterator[tuple[str, Json]]:
    if "enum" in schema and _type_of(schema) == "string":
        yield "unlisted", "kit-no-such-thing"
    elif _type_of(schema) == "string" and "format" not in schema:
        if schema.get("maxLength", LONGEST_TEXT) < LONGEST_TEXT:
            yield "one character too long", "x" * (schema["maxLength"] + 1)
        if schema.get("minLength", 0) > 0:
            yield "empty", ""
        if "pattern" in schema and re.search(schema["pattern"], BLANK) is None:
            yield "blank", BLANK
    elif _type_of(schema) == "string" and schema.get("format") == "date-time":
        yield "without a zone", "2098-01-01T00:00:00"
        yield "no time", "tomorrow"
    if "minimum" in schema:
        yield "too small", schema["minimum"] - 1
    if "maximum" in schema:
        yield "too large", schema["maximum"] + 1
    if schema.get("minItems", 0) > 0 and schema.get("type") == "array":
        yield "empty", []


def _example_of(schema: Schema, given: Json) -> dict[str, Json]:
    if isinstance(given, dict):
        return given
    example = schema.get("example")
    return dict(example) if isinstance(example, dict) else {}
