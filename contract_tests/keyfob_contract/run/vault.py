"""Every value of a key that a run knows: what state it is in, and that it stays secret."""

import re
import zlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from urllib.parse import unquote

from keyfob_contract.rules.profile import CredentialProfile
from keyfob_contract.wire.message import Request

PREFIX_LENGTH = 4
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class State(StrEnum):
    """What may be said of the credential that a request carries."""

    LIVE = "live"
    NONE = "none"
    MALFORMED = "malformed"
    MISTYPED = "mistyped"
    UNKNOWN = "unknown"
    ROTATED = "rotated"
    REVOKED = "revoked"
    EXPIRED = "expired"
    DELETED = "deleted"
    IN_URL = "in_url"
    DOUBLED = "doubled"


class Vault:
    """Knows values by name, so that what is shown to people never holds one."""

    def __init__(self, credentials: CredentialProfile) -> None:
        self._headers = {header.partition(":")[0].lower() for header in credentials.headers}
        self._states: dict[str, State] = {}
        self._names: dict[str, str] = {}
        self._prefixes: dict[str, set[int]] = {}
        self._ends: set[str] = set()

    def keep(self, value: str, name: str = "", state: State = State.LIVE) -> None:
        """Learn a value, or more about it."""
        self._states[value] = state
        if name or value not in self._names:
            self._names[value] = self._unused(name or "KEY")
        self._prefixes.setdefault(value[:PREFIX_LENGTH], set()).add(len(value))

    def mark(self, value: str, state: State) -> None:
        """Learn what has become of a value."""
        self._states[value] = state

    def foresee_end(self, value: str) -> None:
        """Learn that a value will expire, which the first refusal of it shows."""
        self._ends.add(value)

    def state_of_refused(self, request: Request) -> State:
        """Answer in what state the credential of a request is, now that it was refused."""
        for value in self._ends & self._sent(request):
            if self._states[value] is State.LIVE:  # and was not rotated meanwhile
                self.mark(value, State.EXPIRED)
            self._ends.remove(value)
        return self.state_of(request)

    def state_of_value(self, value: str) -> State:
        """Answer what is known of a value. Raises KeyError for one that was never kept."""
        return self._states[value]

    def state_of(self, request: Request) -> State:
        """Answer in what state the credential of a request is."""
        sent = [text for name, text in request.headers if name.lower() in self._headers]
        if len(sent) > 1:
            return State.DOUBLED
        if not sent:
            return State.IN_URL if any(self._values_in(unquote(request.query))) else State.NONE
        known = [self._states[value] for value in self._values_in(sent[0])]
        return known[0] if known else self._stranger(sent[0].rpartition(" ")[2])

    def _sent(self, request: Request) -> set[str]:
        texts = [text for name, text in request.headers if name.lower() in self._headers]
        return {value for text in texts for value in self._values_in(text)}

    def _stranger(self, value: str) -> State:
        has_the_form = len(value) in self._prefixes.get(value[:PREFIX_LENGTH], set())
        return State.UNKNOWN if has_the_form else State.MALFORMED

    def shown(self, text: str) -> str:
        """Answer a text with the names of values in the places of the values."""
        for value in set(self._values_in(text)):
            text = text.replace(value, f"${self._names[value]}")
        return text

    def leaks(self, text: str) -> list[str]:
        """Answer the names of all values that a text holds, once for each time it holds one."""
        return [self._names[value] for value in self._values_in(text)]

    @property
    def names(self) -> Mapping[str, str]:
        """Every value's name."""
        return self._names

    def _values_in(self, text: str) -> Iterator[str]:
        for prefix, lengths in self._prefixes.items():
            start = text.find(prefix)
            while start >= 0:
                for length in lengths:
                    if (value := text[start : start + length]) in self._states:
                        yield value
                start = text.find(prefix, start + 1)

    def _unused(self, name: str) -> str:
        plain = re.sub(r"\W+", "_", name).strip("_").upper()
        taken = set(self._names.values())
        number = 1
        unused = plain
        while unused in taken:
            number += 1
            unused = f"{plain}_{number}"
        return unused


def mistyped(value: str) -> str:
    """Answer a value with one character mistaken."""
    middle = len(value) // 2
    return value[:middle] + ("a" if value[middle] != "a" else "b") + value[middle + 1 :]


def never_issued(value: str) -> str | None:
    """Answer a value of the same form that nobody holds; None if the form is not Keyfob's.

    Its last six characters are the CRC-32 of what precedes them, in base62.
    """
    body = value[:-6]
    if value != body + _checksum(body):
        return None
    other = f"{body.partition('_')[0]}_{body.partition('_')[2][::-1]}"
    return other + _checksum(other)


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    characters = ""
    for _ in range(6):
        number, remainder = divmod(number, len(_ALPHABET))
        characters = _ALPHABET[remainder] + characters
    return characters
