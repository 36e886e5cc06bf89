"""Requests that are repeated because they failed."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from keyfob.grading.entry import Entry

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


def _wish(entry: Entry) -> object:
    """Answer what makes two requests the same thing attempted twice."""
    return (
        entry.credential,
        entry.client,
        entry.method,
        entry.path,
        entry.listed,
        entry.cursor,
        entry.body,
    )
