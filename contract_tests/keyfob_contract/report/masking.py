"""Names in the places of key values: what this lets through, anybody may read."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

ENOUGH_TO_MATTER = 12
"""Characters of a value: a hint of prefix and last four is meant to be shown, more is not."""


@dataclass(frozen=True)
class Variable:
    """A value in a text.

    Attributes:
        length: how many characters of it are there; None if it is there whole.
    """

    name: str
    length: int | None = None

    def __str__(self) -> str:
        return f"${self.name}" if self.length is None else f"${self.name}…"


Part = str | Variable


class Mask:
    """Finds values in texts: whole, or cut short, or escaped as URLs and JSON do it."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._spellings: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for value, name in names.items():
            for spelt in {value, quote(value, safe=""), json.dumps(value)[1:-1]}:
                self._spellings[spelt[:ENOUGH_TO_MATTER]][spelt] = name
        # The longest first, as one short value may be how another begins.
        beginnings = sorted(self._spellings, key=len, reverse=True)
        self._beginning = re.compile("|".join(map(re.escape, beginnings)) or r"(?!)")

    def parts(self, text: str) -> Iterator[Part]:
        """Take a text apart at the values that it holds."""
        end = 0
        while match := self._beginning.search(text, end):
            if match.start() > end:
                yield text[end : match.start()]
            variable, end = self._longest(text, match)
            yield variable
        if end < len(text):
            yield text[end:]

    def hide(self, text: str) -> str:
        """Answer a text without values."""
        return "".join(map(str, self.parts(text)))

    def show(self, text: str) -> str:
        """Answer a text without values and without characters that a terminal might obey."""
        return printable(self.hide(text))

    def hide_in_body(self, body: bytes) -> str:
        """Answer a body as text without values, however they are spelt in it.

        What is no UTF-8 is read as Latin-1, each byte a character.
        """
        text = decoded(body)
        if "\\" in text:
            try:
                plain = json.dumps(json.loads(text), ensure_ascii=False)
            except (ValueError, RecursionError):
                return self.hide(text)
            if self._count(plain) > self._count(text):
                return self.hide(plain)
        return self.hide(text)

    def _longest(self, text: str, match: re.Match[str]) -> tuple[Variable, int]:
        start = match.start()
        lengths = {
            spelt: _length_in_common(spelt, text[start : start + len(spelt)])
            for spelt in self._spellings[match[0]]
        }
        best = max(lengths, key=lambda spelt: (lengths[spelt] == len(spelt), lengths[spelt]))
        whole = lengths[best] == len(best)
        name = self._spellings[match[0]][best]
        return Variable(name, None if whole else lengths[best]), start + lengths[best]

    def _count(self, text: str) -> int:
        return sum(isinstance(part, Variable) for part in self.parts(text))


def _length_in_common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def decoded(body: bytes) -> str:
    """Answer a body as text; what is no UTF-8 as Latin-1, each byte a character."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


def printable(text: str) -> str:
    r"""Answer a text with escapes such as ``\x1b`` in the places of what cannot be printed."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in "\n\t" else ascii(each)[1:-1] for each in text
    )
