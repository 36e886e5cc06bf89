"""What a check stumbles over: an answer of another form than it took for granted."""

from pathlib import Path
from traceback import extract_tb

STUMBLES = (LookupError, TypeError, ValueError, AttributeError)
"""What comes of working with JSON that is not what it should be."""


def spelt_stumble(error: Exception) -> str:
    """Say what was the matter, and where: whether the kit is to blame is for people to judge."""
    is_lack = isinstance(error, KeyError)
    what = f"lacks {error}" if is_lack else f"is of another form, {type(error).__name__}: {error}"
    frame = extract_tb(error.__traceback__)[-1]
    return f"an answer {what} ({Path(frame.filename).name}, line {frame.lineno})"
