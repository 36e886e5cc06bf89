"""Which version of a key somebody saw, when they were given a form for it."""

from flask import request

# Beyond every version, and short enough for int() and for the store.
_LONGEST = 12


def seen_version() -> frozenset[int]:
    """Answer the version that the form carries; of what is none, no key is at it."""
    text = request.form.get("version", "")
    is_version = text.isascii() and text.isdigit() and len(text) <= _LONGEST
    return frozenset({int(text)}) if is_version else frozenset()
