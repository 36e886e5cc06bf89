"""Faults in what becomes of texts on their way in."""

import html
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keyfob.gate import operation
from keyfob.store.reception import EntryRows
from keyfob_contract.faults.fault import Patch, Right, fault

LONGEST_NAME = 100


@fault(caught_by="texts_come_back_as_they_were_sent")
def texts_are_trimmed(patch: Patch) -> None:
    """Blanks at the ends of a text are lost."""
    _mended(patch, str.strip)


@fault(caught_by="texts_come_back_as_they_were_sent")
def texts_are_normalized(patch: Patch) -> None:
    """A letter and its accent become one character, and nobody finds what he has sent."""
    _mended(patch, lambda text: unicodedata.normalize("NFC", text))


@fault(caught_by="texts_come_back_as_they_were_sent")
def texts_are_escaped(patch: Patch) -> None:
    """Texts are kept as they would stand in a page."""
    _mended(patch, html.escape)


@fault(caught_by="texts_come_back_as_they_were_sent")
def names_of_visitors_are_trimmed(patch: Patch) -> None:
    """Blanks at the ends of a visitor's name are lost."""
    _mended(patch, str.strip, member="name", beside="siteId")


@fault(caught_by="texts_come_back_as_they_were_sent")
def characters_beyond_16_bits_are_lost(patch: Patch) -> None:
    """A character that does not fit into 16 bits becomes a question mark."""
    _mended(patch, lambda text: "".join(c if c < "\U00010000" else "?" for c in text))


@fault(caught_by="texts_come_back_as_they_were_sent")
def characters_beyond_16_bits_count_twice(patch: Patch) -> None:
    """A text of the greatest length is too long if its characters do not fit into 16 bits."""

    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        name = parsed.get("name") if isinstance(parsed, dict) else None
        if isinstance(name, str) and len(name.encode("utf-16-le")) > 2 * LONGEST_NAME:
            parsed["name"] = name.ljust(LONGEST_NAME + 1)
        return parsed


@fault(caught_by="texts_come_back_as_they_were_sent")
def addresses_are_folded(patch: Patch) -> None:
    """The e-mail addresses of people come back in small letters."""
    _mended(patch, str.lower, member="email")


@fault(caught_by="times_come_back_as_they_were_sent")
def times_are_kept_to_the_second(patch: Patch) -> None:
    """The time at which a visitor is expected loses what is less than a second."""

    @patch(EntryRows, "insert")
    def insert(right: Right, self: Any, entry: Any) -> None:
        at = getattr(entry, "expected_at", None)
        right(self, entry if at is None else replace(entry, expected_at=at // 1000 * 1000))


def _mended(
    patch: Patch, mend: Callable[[str], str], *, member: str | None = None, beside: str = ""
) -> None:
    @patch(operation, "parse_json")
    def parse(right: Right, body: bytes) -> Any:
        parsed = right(body)
        if not isinstance(parsed, dict) or beside not in {"", *parsed}:
            return parsed
        texts = {n: v for n, v in parsed.items() if isinstance(v, str) and member in {None, n}}
        return {**parsed, **{name: mend(text) for name, text in texts.items()}}
