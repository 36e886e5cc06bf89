"""Schemas of an OpenAPI 3.0 file as validators: for requests, and for replies."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import jsonschema_rs

Json = Any

_OFFSET = r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
_ANY_OFFSET = re.compile(rf"\d{{4}}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{{1,9}})?{_OFFSET}", re.ASCII)
_AS_ANSWERED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


class Schemas:
    """Makes validators of schemas that refer to the components of one file.

    Args:
        now_ms: what time it is for the implementation, for ``x-must-be-future``.
    """

    def __init__(self, spec: Mapping[str, Any], now_ms: Callable[[], int]) -> None:
        self._components = as_json_schema(spec.get("components", {}))
        self._future = _future_keyword(now_ms)

    def for_requests(self, schema: Json) -> jsonschema_rs.Validator:
        """Times may come with any offset."""
        return self._compile(schema, is_timestamp)

    def for_replies(self, schema: Json) -> jsonschema_rs.Validator:
        """Times are answered in UTC, to the millisecond."""
        return self._compile(schema, is_answered_timestamp)

    def _compile(self, schema: Json, is_time: Callable[[str], bool]) -> jsonschema_rs.Validator:
        whole = {"allOf": [as_json_schema(schema)], "components": self._components}
        return jsonschema_rs.Draft4Validator(
            whole,
            formats={"date-time": is_time},
            validate_formats=True,
            keywords={"x-must-be-future": self._future},
        )


def as_json_schema(schema: Json) -> Json:
    """Translate what OpenAPI 3.0 says in its own way: ``nullable``."""
    if isinstance(schema, list):
        return [as_json_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    translated = {key: as_json_schema(value) for key, value in schema.items()}
    if translated.get("nullable") is True:
        del translated["nullable"]
        translated["type"] = [translated["type"], "null"]
    return translated


def is_timestamp(text: str) -> bool:
    """Say whether a text is an RFC 3339 time."""
    return _ANY_OFFSET.fullmatch(text) is not None and _milliseconds(text) is not None


def is_answered_timestamp(text: str) -> bool:
    """Say whether a text is a time as the API spells it."""
    return _AS_ANSWERED.fullmatch(text) is not None and _milliseconds(text) is not None


def _milliseconds(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text.upper()).timestamp() * 1000
    except (ValueError, OverflowError):
        return None


def _future_keyword(now_ms: Callable[[], int]) -> type:
    class MustBeFuture:
        def __init__(self, *_args: Any) -> None:
            pass

        def validate(self, instance: Json) -> None:
            if isinstance(instance, str) and is_timestamp(instance):
                moment = _milliseconds(instance)
                if moment is None or moment <= now_ms():
                    raise ValueError("must be in the future")

    return MustBeFuture
