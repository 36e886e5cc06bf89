"""What was received, in its order."""

from collections import deque
from collections.abc import Iterable
from itertools import islice

from keyfob.grading.entry import Entry

MOST_ENTRIES = 10_000
"""Older ones are forgotten: a mock may run for weeks."""


class Journal:
    """The latest requests, the oldest first. An entry is completed when its request is answered."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self.last_number = 0

    def next_number(self) -> int:
        """Answer the number of the entry that comes next."""
        self.last_number += 1
        return self.last_number

    def add(self, entry: Entry) -> None:
        """Note what was received."""
        self._entries.append(entry)

    def entries(self, since: int = 0) -> Iterable[Entry]:
        """Answer those after the one with this number."""
        return [entry for entry in self._entries if entry.number > since]

    def latest(self, most: int) -> Iterable[Entry]:
        """Answer the latest, newest first."""
        return list(islice(reversed(self._entries), most))

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        self._entries.clear()

    def begin_anew(self) -> None:
        """Forget all there was."""
        self.clear()
        self.last_number = 0
