"""The value of an API key: the secret text, its shape, its checksum and its digest.

A value reads ``kfb_`` + 27 random base62 characters (160.7 bits) + 6 base62 characters of the
CRC-32 of all that precedes them. The checksum tells a mistyped or invented value from a real one
without asking the store, and lets secret scanners recognise a leaked one.
"""

import hashlib
import hmac
import random
import re
import zlib

from keyfob.settings import PUBLISHED_PREFIX

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_CHARACTERS = 27
CHECKSUM_CHARACTERS = 6
PREFIX_PATTERN = "[a-z][a-z0-9]{1,15}"

_PUBLISHED = f"{PUBLISHED_PREFIX}_"
_SHAPE = re.compile(
    rf"{PREFIX_PATTERN}_[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}}", re.ASCII
)
# Identifiers, with 22 characters after the underscore, are no secrets; 27 would be a whole value,
# for the checksum follows from them. The underscore stands first because the search for a fixed
# character is ten times as fast: each line of the log is searched.
_IN_TEXT = re.compile(r"_(?<=[a-z0-9]_)[0-9A-Za-z]{23,}", re.ASCII)


def new_value(prefix: str, rng: random.Random) -> str:
    """Make a value. ``rng`` is the system's source of randomness, or a seeded one in the mock."""
    body = f"{prefix}_" + "".join(rng.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return body + _checksum(body)


def is_well_formed(value: str) -> bool:
    """Say whether the checksum holds, whatever the prefix: changing that setting kills no key."""
    if _SHAPE.fullmatch(value) is None:
        return False
    return value[-CHECKSUM_CHARACTERS:] == _checksum(value[:-CHECKSUM_CHARACTERS])


def is_published(value: str) -> bool:
    """Say whether this is a value of the mock's, which is no secret."""
    return value.startswith(_PUBLISHED)


def digest(value: str, pepper: bytes) -> bytes:
    """Answer what the store keeps instead of the value: HMAC-SHA-256 under the server's pepper.

    160 random bits cannot be guessed, so a slow password hash would add cost and no safety.
    """
    return hmac.digest(pepper, value.encode(), hashlib.sha256)


def hint(value: str) -> str:
    """Answer the prefix and the last four characters."""
    return f"{value.partition('_')[0]}_…{value[-4:]}"


def masked(text: str) -> str:
    """Blot out whatever looks like a value, so that text from outside may be shown or logged."""
    return _IN_TEXT.sub("_***", text)


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode("ascii"))
    characters = ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, remainder = divmod(number, len(ALPHABET))
        characters = ALPHABET[remainder] + characters
    return characters
