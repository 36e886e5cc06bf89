"""Times as fixtures tell them: from the moment at which the world begins, or absolute."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from keyfob.errors import Problem
from keyfob.gate.validation import Path as Place
from keyfob.gate.validation import pointer
from keyfob.timestamps import parse_timestamp

EXPECTED = "must be a time such as -2d6h, +90m or 2026-03-01T09:30:00Z"

_OFFSET = re.compile(r"([+-])((?:[0-9]{1,5}[dhms])+)", re.ASCII)
_PART = re.compile(r"([0-9]+)([dhms])", re.ASCII)
_UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time.

    Attributes:
        milliseconds: from the beginning of the world, or from the epoch.
        is_offset: which of the two.
    """

    milliseconds: int
    is_offset: bool

    def at(self, now: int) -> int:
        """Answer the time in milliseconds since the epoch, in a world that begins now."""
        return now + self.milliseconds if self.is_offset else self.milliseconds


def parse_moment(text: str) -> Moment:
    """Read a time. Raises ValueError."""
    offset = _OFFSET.fullmatch(text)
    if offset is None:
        return Moment(parse_timestamp(text), is_offset=False)
    total = sum(int(number) * _UNIT_MS[unit] for number, unit in _PART.findall(offset[2]))
    return Moment(-total if offset[1] == "-" else total, is_offset=True)


def read_moments(data: Any, at: Place = ()) -> Iterator[Problem]:
    """Put a ``Moment`` in the place of each text that is a time (its name ends in ``At``).

    Yields:
        What is no time.
    """
    if isinstance(data, list):
        for position, item in enumerate(cast("list[Any]", data)):
            yield from read_moments(item, (*at, position))
    elif isinstance(data, dict):
        members = cast("dict[str, Any]", data)
        for name, value in members.items():
            place = (*at, name)
            if not name.endswith("At") or not isinstance(value, str):
                yield from read_moments(value, place)
                continue
            try:
                members[name] = parse_moment(value)
            except ValueError:
                yield Problem(pointer(place), EXPECTED)
