"""Faults in what becomes of texts on their way in."""

import html
import unicodedata
from collections.abc import Callable
from typing import Any

from keyfob.gate import operation
from keyfob_contract.faults.fault import Patch, Right, fault


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
