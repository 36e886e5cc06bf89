import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfob.timestamps import format_timestamp, parse_timestamp

YEAR_1_MS = -62_135_596_800_000
YEAR_9999_MS = 253_402_300_799_999


@given(st.integers(YEAR_1_MS, YEAR_9999_MS))
def test_what_is_answered_reads_back_to_the_millisecond(moment: int) -> None:
    assert parse_timestamp(format_timestamp(moment)) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T09:30:00Z",
        "2026-03-01t09:30:00z",
        "2026-03-01T09:30:00.000999999+00:00",
        "2026-03-01T11:00:00+01:30",
        "2026-03-01T00:30:00-09:00",
    ],
)
def test_every_spelling_of_rfc_3339_is_the_same_moment(text: str) -> None:
    assert format_timestamp(parse_timestamp(text)) == "2026-03-01T09:30:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T09:30:00",
        "2026-03-01 09:30:00Z",
        "20260301T093000Z",
        "2026-W09-7T09:30:00Z",
        "2026-03-01T09:30Z",
        "2026-03-01T09:30:00,5Z",
        "2026-02-29T09:30:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T09:30:00+24:00",
        "2026-03-01T09:30:00+01:60",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+00:01",
        "２026-03-01T09:30:00Z",
        "2026-03-01T09:30:00Z\n",
        " 2026-03-01T09:30:00Z",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_timestamp(text)
