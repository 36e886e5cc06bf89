"""What each file may say, as schemas; constraints that the API has, too, come from openapi.yaml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from keyfob.gate.validation import Schema
from keyfob.spec import load_spec

SHAPES = Path(__file__).with_name("shapes.yaml")


def shape_of_each_file() -> dict[str, Schema]:
    """Answer the schema of each file, by its name."""
    shapes = yaml.load(SHAPES.read_bytes(), yaml.CSafeLoader)
    return {name: Schema(_list_of(_item(shape)), _no_clock) for name, shape in shapes.items()}


def _list_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": item}


def _item(shape: Mapping[str, Any]) -> dict[str, Any]:
    created = _component(shape["create"]) if "create" in shape else {}
    properties = created.get("properties", {}) | shape["properties"]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted({*created.get("required", ()), *shape["required"]}),
        "properties": {name: _resolved(each) for name, each in properties.items()},
    }


def _resolved(schema: Any) -> Any:
    """Put what a reference names in its place, be it one of ours or one of openapi.yaml."""
    if isinstance(schema, list):
        return [_resolved(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return _resolved(_component(schema["$ref"].removeprefix("#/components/schemas/")))
    if "create" in schema:
        return _item(schema)
    return {name: _resolved(each) for name, each in schema.items()}


def _component(name: str) -> Mapping[str, Any]:
    return load_spec()["components"]["schemas"][name]


def _no_clock() -> int:
    # No shape asks for a time in the future: those of fixtures are told from their beginning.
    raise NotImplementedError
