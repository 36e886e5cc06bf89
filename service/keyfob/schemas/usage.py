"""Usage and traced requests in JSON."""

from typing import Any, cast

from marshmallow import Schema, fields

from keyfob.domain.usage import Usage
from keyfob.reply import Json
from keyfob.schemas.fields import Timestamp
from keyfob.store.requests import TracedRequest
from keyfob.timestamps import parse_timestamp


class OrNull(fields.Field[str]):
    """A text that is empty inside, and null outside, if there is none."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str | None:
        return value or None


class Milliseconds(fields.Field[int]):
    """Microseconds as milliseconds."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> float:
        return value / 1000


class CounterSchema(Schema):
    """A ``Counter``."""

    hour = Timestamp(attribute="kind.hour")
    operation = OrNull(attribute="kind.operation")
    scope = OrNull(attribute="kind.scope")
    outcome = fields.String(attribute="kind.outcome")
    requests = fields.Integer()


class TracedRequestSchema(Schema):
    """A ``TracedRequest``."""

    request_id = fields.String(data_key="requestId")
    at = Timestamp()
    method = fields.String()
    path = fields.String()
    operation = OrNull()
    status = fields.Integer()
    code = fields.String()
    duration_us = Milliseconds(data_key="durationMs")
    key_id = fields.String(data_key="keyId")
    secret_version = fields.Integer(data_key="secretVersion")
    client = fields.String()
    user_agent = fields.String(data_key="userAgent")


class UsageSchema(Schema):
    """A ``Usage``."""

    key_id = fields.String(data_key="keyId")
    since = Timestamp()
    until = Timestamp()
    counters = fields.List(fields.Nested(CounterSchema))
    recent = fields.List(fields.Nested(TracedRequestSchema))


_USAGE = UsageSchema()
_TRACED_REQUEST = TracedRequestSchema()


def usage_json(usage: Usage) -> Json:
    """Answer a usage as ``Usage``."""
    return cast("Json", _USAGE.dump(usage))


def request_json(request: TracedRequest) -> Json:
    """Answer a request as ``TracedRequest``."""
    return cast("Json", _TRACED_REQUEST.dump(request))


def moment(text: str | None) -> int | None:
    """Read a time of a query."""
    return None if text is None else parse_timestamp(text)
