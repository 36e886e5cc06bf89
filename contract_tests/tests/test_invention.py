"""Where a file gives no example, something that fits is made up, or nothing at all."""

from typing import Any

import jsonschema_rs
import pytest

from keyfob_contract.rules.invention import invented

SCHEMAS: dict[str, Any] = {
    "text": {"type": "string", "minLength": 5, "maxLength": 6},
    "short_text": {"type": "string", "maxLength": 1},
    "time": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"},
    "number": {"type": "integer", "minimum": 7, "multipleOf": 5},
    "above": {"type": "number", "exclusiveMinimum": 3},
    "nullable": {"type": ["string", "null"]},
    "const": {"const": {"a": 1}},
    "enum": {"enum": ["x", "y"]},
    "list": {"type": "array", "minItems": 2, "items": {"type": "boolean"}},
    "object": {
        "type": "object",
        "required": ["a", "b"],
        "additionalProperties": False,
        "properties": {"a": {"type": "string"}, "b": {"enum": [1]}, "c": {"type": "string"}},
    },
    "all_of": {
        "allOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
            {"required": ["b"], "properties": {"b": {"type": "string", "minLength": 9}}},
        ]
    },
    "one_of": {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "string"}]},
    "default": {"type": "string", "pattern": "^q+$", "default": "qq"},
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS.keys())
def test_what_is_invented_fits(schema: Any) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    assert validator.is_valid(invented(lambda node: node, schema))


def test_a_schema_within_itself_ends() -> None:
    schema: dict[str, Any] = {"type": "object", "required": ["a"], "properties": {}}
    schema["properties"]["a"] = schema
    assert isinstance(invented(lambda node: node, schema), dict)
