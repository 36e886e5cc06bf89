"""The path of a request, decoded strictly."""

from urllib.parse import unquote_to_bytes

from keyfob.errors import Problem, ValidationFailed
from keyfob.gate.text import CONTROL_CHARACTER, has_broken_escape


def path_segments(raw_path: bytes) -> tuple[str, ...]:
    """Split a path into its decoded segments: ``/v1/sites`` is ``("v1", "sites")``.

    An encoded slash separates nothing (RFC 3986, section 2.2): it is part of its segment.

    Raises:
        ValidationFailed: broken percent-encoding, not UTF-8, or control characters.
    """
    if has_broken_escape(raw_path):
        raise _malformed("has a percent sign without two hexadecimal digits")
    try:
        encoded = raw_path.removeprefix(b"/").split(b"/")
        segments = tuple(unquote_to_bytes(segment).decode() for segment in encoded)
    except UnicodeDecodeError:
        raise _malformed("is not UTF-8") from None
    if any(CONTROL_CHARACTER.search(segment) for segment in segments):
        raise _malformed("contains control characters")
    return segments


def _malformed(message: str) -> ValidationFailed:
    return ValidationFailed(Problem("/path", message))
