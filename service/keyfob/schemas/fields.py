"""How the values that are special to Keyfob look in JSON."""

from typing import Any

from marshmallow import fields

from keyfob.model import EVERY_SITE_IDS, Scope, Sites, scope_words, scopes_from_words
from keyfob.timestamps import format_timestamp, parse_timestamp


class Scopes(fields.Field[Scope]):
    """A set of scopes as a list of words."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> list[str]:
        return scope_words(value)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Scope:
        return scopes_from_words(value)


class SiteIds(fields.Field[tuple[str, ...]]):
    """The sites of a key as a list of ids; loading keeps the order, which pointers speak of."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> list[str]:
        sites: Sites = value
        return list(EVERY_SITE_IDS) if sites.every else sorted(sites.ids)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> tuple[str, ...]:
        return tuple(value)


class Timestamp(fields.Field[int]):
    """Milliseconds since the epoch as RFC 3339."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str | None:
        return None if value is None else format_timestamp(value)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:
        return parse_timestamp(value)
