"""Requests that are repeated because they failed."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from keyfob.grading.entry import Entry

SOON_MS = 30_000
"""What comes so soon after a failure, or after the Retry-After of one, is a retry."""

LATE_MS = 180_000
"""What comes so late is none, however long its pauses were before: it is due again."""

LONGER = 3
"""Between these two it depends: up to so many times the longest pause before it, it is one."""

Series = list[Entry]
"""Attempts at one thing, in their order. All but the last have failed; the last may have."""


def series_of(entries: Iterable[Entry]) -> Sequence[Series]:
    """Answer every series that begins with a failure."""
    found: list[Series] = []
    latest: dict[object, Series] = {}
    for entry in entries:
        series = latest.get(_wish(entry))
        if series is not None and series[-1].has_failed:
            series.append(entry)
        elif entry.has_failed:
            latest[_wish(entry)] = [entry]
            found.append(latest[_wish(entry)])
        else:
            latest.pop(_wish(entry), None)
    return found


def pauses_of(series: Series) -> Iterator[tuple[Entry, Entry, int]]:
    """Answer each attempt with the next one, and the milliseconds between them."""
    for failed, again in pairwise(series):
        yield failed, again, again.at - (failed.answered_at or failed.at)


def runs_of(series: Series) -> list[Series]:
    """Split a series into attempts that are retries of the one before them.

    Who comes later than that has given up in between, and begins anew.
    """
    runs = [series[:1]]
    longest_ms = 0
    for failed, again, pause_ms in pauses_of(series):
        if pause_ms < _border_ms(failed, longest_ms):
            runs[-1].append(again)
            longest_ms = max(longest_ms, pause_ms)
        else:
            runs.append([again])
            longest_ms = 0
    return runs


def patience_ms(run: Series) -> int:
    """Answer for how long after the end of a run another attempt would belong to it."""
    longest_ms = max((pause_ms for _, _, pause_ms in pauses_of(run)), default=0)
    return _border_ms(run[-1], longest_ms)


def _border_ms(failed: Entry, longest_ms: int) -> int:
    asked_ms = (failed.retry_after or 0) * 1000
    return max(asked_ms + SOON_MS, min(LONGER * longest_ms, LATE_MS))


def _wish(entry: Entry) -> object:
    """Answer what makes two requests the same thing attempted twice."""
    return (
        entry.key_id or entry.credential,
        entry.client,
        entry.method,
        entry.path,
        entry.listed,
        entry.cursor,
        entry.body,
    )
