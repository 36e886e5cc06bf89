"""Prefixed, random, unguessable identifiers: 22 base62 characters hold 131 bits."""

import random

from keyfob.domain.secret_value import ALPHABET

RANDOM_CHARACTERS = 22


def new_id(prefix: str, rng: random.Random) -> str:
    """Make an identifier such as ``key_3nT8fWq2LxVb6YcR1mZk9P``."""
    return f"{prefix}_" + "".join(rng.choices(ALPHABET, k=RANDOM_CHARACTERS))
