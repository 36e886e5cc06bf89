"""Characters that no text from outside may contain, or be shown with."""

import re

CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Unicode's category Cc, which is C0, DEL and C1."""

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def legible(text: bytes) -> str:
    r"""Decode what may be anything: what is no UTF-8, or a control character, becomes ``\x1b``.

    Raw, they would do to the terminal of whoever reads the log what its sender likes.
    """
    decoded = text.decode(errors="backslashreplace")
    return CONTROL_CHARACTER.sub(lambda found: f"\\x{ord(found[0]):02x}", decoded)


def has_broken_escape(encoded: bytes) -> bool:
    """Say whether a percent sign stands without its two hexadecimal digits (RFC 3986)."""
    return _BROKEN_ESCAPE.search(encoded) is not None
