"""What of ``traceparent`` is believed (W3C Trace Context, level 1, section 3.2)."""

import pytest

from keyfob.gate.request import Request
from keyfob.gate.trace_context import trace_context_of

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"
VALID = f"00-{TRACE_ID}-{PARENT_ID}-01"


def believed(*sent: str) -> tuple[str, str] | None:
    headers = [(b"traceparent", value.encode()) for value in sent]
    return trace_context_of(Request("req_1", "GET", b"/", b"", [(b"host", b"a"), *headers]))


@pytest.mark.parametrize(
    "value",
    [
        VALID,
        f"00-{TRACE_ID}-{PARENT_ID}-00",
        f"00-{TRACE_ID}-{PARENT_ID}-ff",
        f" \t{VALID} \t",
        f"01-{TRACE_ID}-{PARENT_ID}-01",
        f"fe-{TRACE_ID}-{PARENT_ID}-01",
        f"cc-{TRACE_ID}-{PARENT_ID}-01-what-the-future-will-be-like",
        f"cc-{TRACE_ID}-{PARENT_ID}-01-",
    ],
)
def test_valid_one_tells_trace_and_caller(value: str) -> None:
    assert believed(value) == (TRACE_ID, PARENT_ID)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        f"ff-{TRACE_ID}-{PARENT_ID}-01",
        f"{VALID}-more",
        f"{VALID}-",
        f"cc-{TRACE_ID}-{PARENT_ID}-01.what-the-future-will-be-like",
        f"cc-{TRACE_ID}-{PARENT_ID}-012",
        f"00-{'0' * 32}-{PARENT_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID.upper()}-{PARENT_ID}-01",
        f"00-{TRACE_ID}-{PARENT_ID.upper()}-01",
        f"0-{TRACE_ID}-{PARENT_ID}-01",
        f"000-{TRACE_ID}-{PARENT_ID}-01",
        f".0-{TRACE_ID}-{PARENT_ID}-01",
        f"00-{TRACE_ID[1:]}-{PARENT_ID}-01",
        f"00-{TRACE_ID}0-{PARENT_ID}-01",
        f"00-{TRACE_ID}-{PARENT_ID[1:]}-01",
        f"00-{TRACE_ID}-{PARENT_ID}0-01",
        f"00-{TRACE_ID}-{PARENT_ID}-1",
        f"00-{TRACE_ID}-{PARENT_ID}-.1",
        f"00-{TRACE_ID}-{PARENT_ID}",
        f"00_{TRACE_ID}_{PARENT_ID}_01",
        f"00-{TRACE_ID}-{PARENT_ID}-01,{VALID}",
        f"00-{'٤' * 32}-{PARENT_ID}-01",
    ],
)
def test_invalid_one_is_as_good_as_none(value: str) -> None:
    assert believed(value) is None


def test_repeated_one_and_none_are_none() -> None:
    assert believed() is None
    assert believed(VALID, VALID) is None
