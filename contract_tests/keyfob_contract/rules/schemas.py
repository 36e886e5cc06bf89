"""Schemas of an OpenAPI file as validators: for requests, and for replies."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import jsonschema_rs

Json = Any
Validator = jsonschema_rs.Validator

_OFFSET = r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
_ANY_OFFSET = re.compile(rf"\d{{4}}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{{1,9}})?{_OFFSET}", re.ASCII)
_AS_ANSWERED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


class Schemas:
    """Makes validators of schemas that refer to the components of one file.

    Args:
        now_ms: what time it is for the implementation, for ``x-must-be-future``.
        utc_times: whether times are answered in UTC, to the millisecond.
    """

    def __init__(
        self, spec: Mapping[str, Any], now_ms: Callable[[], int], *, utc_times: bool
    ) -> None:
        self._is_3_0 = str(spec.get("openapi", "3.0")).startswith("3.0")
        self._components = self._translated(spec.get("components", {}))
        self._future = _future_keyword(now_ms)
        self._compiled: dict[str, Validator] = {}
        self._is_answered_time = is_answered_timestamp if utc_times else is_timestamp

    def for_requests(self, schema: Json) -> Validator:
        """Times may come with any offset, but need one (RFC 3339)."""
        return self._compile(schema, is_timestamp)

    def for_replies(self, schema: Json) -> Validator:
        """Times are answered as the profile says."""
        return self._compile(schema, self._is_answered_time)

    def _compile(self, schema: Json, is_time: Callable[[str], bool]) -> Validator:
        # OpenAPI 3.1 is JSON Schema 2020-12; 3.0 is a dialect of an early draft.
        make = jsonschema_rs.Draft4Validator if self._is_3_0 else jsonschema_rs.Draft202012Validator
        name = f"{is_time.__name__} {schema}"
        if name in self._compiled:  # most are references to few
            return self._compiled[name]
        self._compiled[name] = make(
            {"allOf": [self._translated(schema)], "components": self._components},
            formats={"date-time": is_time},
            validate_formats=True,
            keywords={"x-must-be-future": self._future},
        )
        return self._compiled[name]

    def _translated(self, schema: Json) -> Json:
        return as_json_schema(schema) if self._is_3_0 else schema


def as_json_schema(schema: Json) -> Json:
    """Translate what OpenAPI 3.0 says in its own way: ``nullable``."""
    if isinstance(schema, list):
        return [as_json_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    translated = {key: as_json_schema(value) for key, value in schema.items()}
    if translated.get("nullable") is True and isinstance(translated.get("type"), str):
        del translated["nullable"]
        translated["type"] = [translated["type"], "null"]
        enum = translated.get("enum")
        if isinstance(enum, list) and None not in enum:
            enum.append(None)
    return translated


def is_timestamp(text: str) -> bool:
    """Say whether a text is an RFC 3339 time."""
    return _ANY_OFFSET.fullmatch(text) is not None and milliseconds_of(text) is not None


def is_answered_timestamp(text: str) -> bool:
    """Say whether a text is a time in UTC, to the millisecond."""
    return _AS_ANSWERED.fullmatch(text) is not None and milliseconds_of(text) is not None


def milliseconds_of(text: str) -> float | None:
    """Answer a time in milliseconds since the epoch, or None for what is none."""
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
                moment = milliseconds_of(instance)
                if moment is None or moment <= now_ms():
                    raise ValueError("must be in the future")

    return MustBeFuture
