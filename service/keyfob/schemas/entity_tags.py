"""Entity tags (RFC 9110, section 8.8.3): the version of a key's configuration, in quotes."""

import re

from keyfob.model import ApiKey

_TAG = re.compile(r'(W/)?"([^"]*)"')


def etag(key: ApiKey) -> str:
    """Answer the tag of a key as it is configured now."""
    return f'"{key.version}"'


def matched_versions(if_match: str | None) -> frozenset[int] | None:
    """Answer the versions that an ``If-Match`` accepts; None if it accepts any.

    Comparison is strong: a weak tag never matches, nor does one that we did not make.
    """
    if if_match is None or if_match == "*":
        return None
    strong = [tag for weak, tag in _TAG.findall(if_match) if not weak]
    return frozenset(int(tag) for tag in strong if tag.isascii() and tag.isdigit())
