"""Something that fits a schema, where a file gives no example of it: the least that will do."""

from collections.abc import Callable, Mapping
from typing import Any

Json = Any
Resolve = Callable[[Any], Any]

DEEPEST = 10
_BY_FORMAT = {
    "date-time": "2099-01-01T12:00:00Z",
    "date": "2099-01-01",
    "time": "12:00:00Z",
    "email": "kit@example.com",
    "uuid": "6f2b7c1e-0000-4000-8000-000000000000",
    "uri": "https://example.com/kit",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def invented(resolve: Resolve, node: Json, depth: int = 0) -> Json:
    """Answer what fits a schema, as far as that can be told without much ado: patterns cannot.

    Args:
        resolve: follows references.
        node: the schema, or a reference to it.
        depth: how deep within another schema it is.
    """
    schema = resolve(node)
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    given = [schema.get("example"), *schema.get("examples", ()), schema.get("default")]
    given += [schema["const"]] if "const" in schema else schema.get("enum", [])
    for each in given:
        if each is not None:
            return each
    for word in ("oneOf", "anyOf"):
        if schema.get(word):
            schema = {**schema, **resolve(schema[word][0]), word: []}
            return invented(resolve, schema, depth + 1)
    if schema.get("allOf"):
        return invented(resolve, _all_of(resolve, schema), depth + 1)
    return _of_type(resolve, schema, depth)


def _of_type(resolve: Resolve, schema: Mapping[str, Any], depth: int) -> Json:
    kinds = schema.get("type")
    match kinds[0] if isinstance(kinds, list) and kinds else kinds:
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "array":
            item = invented(resolve, schema.get("items", {}), depth + 1)
            return [item] * schema.get("minItems", 0)
        case "null":
            return None
        case "string":
            return _text(schema)
        case _:
            members = schema.get("properties", {})
            return {
                name: invented(resolve, members.get(name, {}), depth + 1)
                for name in schema.get("required", ())
            }


def _all_of(resolve: Resolve, schema: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {name: value for name, value in schema.items() if name != "allOf"}
    for part in map(resolve, schema["allOf"]):
        members = {**merged.get("properties", {}), **part.get("properties", {})}
        required = [*merged.get("required", ()), *part.get("required", ())]
        merged = {**part, **merged, "properties": members, "required": required}
    return merged


def _number(schema: Mapping[str, Any]) -> Json:
    step = schema.get("multipleOf", 1)
    if "minimum" in schema:
        return -(-schema["minimum"] // step) * step
    lowest = schema.get("exclusiveMinimum", 0)
    return (lowest // step + 1) * step if not isinstance(lowest, bool) else step


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    text = "kit".ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", len(text))]
