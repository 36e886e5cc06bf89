"""``Prefer`` (RFC 7240), with the preferences that users of Prism know: code, example and delay."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keyfob.errors import Problem, ValidationFailed
from keyfob.mock.documented import DocumentedReply

LONGEST_DELAY_MS = 60_000

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  of RFC 9110, and no secret
_WORD = rf'(?:{_TOKEN}|"(?:[^"\\]|\\.)*")'
_PREFERENCE = re.compile(
    rf"\s*(?:(?P<name>{_TOKEN})(?:\s*=\s*(?P<word>{_WORD})?)?"
    rf"(?:\s*;\s*(?:{_TOKEN}(?:\s*=\s*{_WORD}?)?)?)*)?\s*(?:,|$)"
)
_POINTER = "/header/Prefer"


@dataclass(frozen=True, slots=True)
class Preference:
    """What a request prefers.

    Attributes:
        reply: a documented one, instead of the service's own; None for that one.
        example: the name of its body.
        delay_ms: for which the reply is held back.
        applied: the text of ``Preference-Applied``; empty if nothing is preferred.
    """

    reply: DocumentedReply | None = None
    example: str | None = None
    delay_ms: int = 0
    applied: str = ""


def preference_of(lines: Sequence[str], replies: Mapping[int, DocumentedReply]) -> Preference:
    """Read the preferences of a request; unknown ones are ignored, as the RFC has it.

    Args:
        lines: the values of the header ``Prefer``.
        replies: that the operation documents, by status.

    Raises:
        ValidationFailed: naming what there is instead.
    """
    words = _words(",".join(lines))
    delay_ms = _delay(words["delay"]) if "delay" in words else 0
    reply, example = None, words.get("example")
    if "code" in words:
        reply = _with_code(words["code"], replies)
        if example is not None:
            _demand_example(example, reply)
    elif example is not None:
        reply = _with_example(example, replies)
    applied = ", ".join(f"{name}={words[name]}" for name in words)
    return Preference(reply, example, delay_ms, applied)


def _words(text: str) -> dict[str, str]:
    """Answer the words of the preferences that are known here; of repeated ones the first."""
    words: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PREFERENCE.match(text, position)
        if match is None:
            raise _refused("is no list of preferences (RFC 7240), such as code=429, delay=500")
        position = match.end()
        name = (match["name"] or "").lower()
        if name in {"code", "example", "delay"}:
            words.setdefault(name, _unquoted(match["word"] or ""))
    return words


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


def _delay(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", word) or int(word) > LONGEST_DELAY_MS:
        raise _refused(f"has a delay that is not 0 to {LONGEST_DELAY_MS} milliseconds")
    return int(word)


def _with_code(word: str, replies: Mapping[int, DocumentedReply]) -> DocumentedReply:
    if not re.fullmatch(r"[0-9]{3}", word) or int(word) not in replies:
        codes = ", ".join(map(str, replies))
        raise _refused(f"has a code that is not documented here; these are: {codes}")
    return replies[int(word)]


def _with_example(name: str, replies: Mapping[int, DocumentedReply]) -> DocumentedReply:
    for reply in replies.values():
        if name in reply.examples:
            return reply
    told = "; ".join(f"{r.status}: {', '.join(r.examples)}" for r in replies.values() if r.examples)
    raise _refused(f"has an example that is not documented here; these are, by status: {told}")


def _demand_example(name: str, reply: DocumentedReply) -> None:
    if name not in reply.examples:
        told = ", ".join(reply.examples) or "none"
        raise _refused(f"has an example that {reply.status} does not have here; it has: {told}")


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed(Problem(_POINTER, message))
