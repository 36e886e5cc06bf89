"""Which version of a key somebody saw, when they were given a form for it."""

from flask import request


def seen_version() -> frozenset[int]:
    """Answer the version that the form carries; of what is none, no key is at it."""
    text = request.form.get("version", "")
    return frozenset({int(text)}) if text.isascii() and text.isdigit() else frozenset()
