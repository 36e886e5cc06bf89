"""Times, amounts and events in words for people."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from keyfob.dashboard.access import summary
from keyfob.model import Sites, scope_words
from keyfob.timestamps import format_timestamp

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_JUST_NOW = 10 * SECOND
_UNITS = (
    (365 * DAY, "year"),
    (30 * DAY, "month"),
    (DAY, "day"),
    (HOUR, "hour"),
    (MINUTE, "minute"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(milliseconds: int) -> Markup:
    """Spell a time out, in UTC; where scripts run, the page says it in the reader's own zone."""
    tag = Markup('<time datetime="{}" data-moment>{}</time>')
    return tag.format(format_timestamp(milliseconds), spelt(milliseconds))


def ago(milliseconds: int, now: int) -> Markup:
    """Say how long ago something was, or how soon it will be."""
    tag = Markup('<time datetime="{}" title="{}" data-ago>{}</time>')
    distance = now - milliseconds
    text = (
        f"in {_length(-distance)}"
        if distance < 0
        else "just now"
        if distance < _JUST_NOW
        else f"{_length(distance)} ago"
    )
    return tag.format(format_timestamp(milliseconds), spelt(milliseconds), text)


def spelt(milliseconds: int) -> str:
    """Answer ``1 Mar 2026, 09:30 UTC``."""
    at = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def day(milliseconds: int) -> str:
    """Answer ``1 Mar``."""
    at = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{at.day} {at:%b}"


def hour(milliseconds: int) -> str:
    """Answer ``09:00``."""
    return f"{_EPOCH + timedelta(milliseconds=milliseconds):%H:%M}"


def count(number: int, word: str) -> str:
    """Answer ``1 key`` or ``1,200 keys``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def site_summary(sites: Sites, names: dict[str, str]) -> str:
    """Answer the names of a few sites, or how many there are."""
    if sites.every:
        return "All sites"
    known = sorted(names.get(site_id, site_id) for site_id in sites.ids)
    most = 2
    rest = len(known) - most
    return ", ".join(known[:most]) + (f" +{rest}" if rest > 0 else "")


def _length(milliseconds: int) -> str:
    for unit, word in _UNITS:
        if milliseconds >= unit:
            return count(milliseconds // unit, word)
    return count(max(1, milliseconds // SECOND), "second")


FILTERS: dict[str, Callable[..., Any]] = {
    "moment": moment,
    "ago": ago,
    "counted": count,
    "day": day,
    "access": summary,
    "scope_words": scope_words,
    "site_summary": site_summary,
}
