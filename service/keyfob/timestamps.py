"""Times as the API spells them: RFC 3339, any offset in, UTC to the millisecond out."""

import re
from datetime import UTC, datetime, timedelta

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:[0-5]\d)", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000


def format_timestamp(milliseconds: int) -> str:
    """Spell milliseconds since the epoch as ``2026-03-01T09:30:00.000Z``."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_timestamp(text: str) -> int:
    """Read an RFC 3339 time; digits beyond the millisecond are cut off.

    ``datetime.fromisoformat`` alone would also take ISO 8601's other spellings, hence the pattern.

    Raises:
        ValueError: it is not RFC 3339, or no moment of the years 1 to 9999 (UTC).
    """
    if _RFC3339.fullmatch(text) is None:
        raise ValueError("not an RFC 3339 date-time")
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999") from None
    since = moment - _EPOCH
    return since.days * _DAY_MS + since.seconds * 1000 + since.microseconds // 1000
