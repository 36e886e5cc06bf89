"""The caller's place in a distributed trace (W3C Trace Context, level 1)."""

import re
from typing import NamedTuple

from keyfob.gate.request import Request

FIRST_VERSION = "00"
_TRACEPARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})"  # the version
    r"-(?!0{32})([0-9a-f]{32})"
    r"-(?!0{16})([0-9a-f]{16})"
    r"-[0-9a-f]{2}(-.*)?"  # flags, and what versions to come may add
)


class TraceContext(NamedTuple):
    """Where a request comes from.

    Attributes:
        parent_id: the caller's span.
    """

    trace_id: str
    parent_id: str


def trace_context_of(request: Request) -> TraceContext | None:
    """Answer what ``traceparent`` says, or None if it says nothing that counts.

    One that is repeated or invalid is no error: the recommendation has it ignored.
    """
    sent = request.header_values(b"traceparent")
    if len(sent) != 1:
        return None
    found = _TRACEPARENT.fullmatch(sent[0].strip(" \t"))
    if found is None:
        return None
    version, trace_id, parent_id, more = found.groups()
    if version == FIRST_VERSION and more is not None:
        return None
    return TraceContext(trace_id, parent_id)
