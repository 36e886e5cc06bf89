import math
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfob.domain.secret_value import (
    ALPHABET,
    RANDOM_CHARACTERS,
    digest,
    hint,
    is_well_formed,
    masked,
    new_value,
)

seeds = st.integers(0, 2**32).map(random.Random)
VALUE = new_value("kfb", random.Random(1))


def test_value_holds_at_least_160_random_bits() -> None:
    assert RANDOM_CHARACTERS * math.log2(len(ALPHABET)) >= 160


def test_checksum_is_the_base62_crc_32_of_all_before_it() -> None:
    body, checksum = VALUE[:-6], VALUE[-6:]
    number = 0
    for character in checksum:
        number = number * 62 + ALPHABET.index(character)

    assert number == zlib.crc32(body.encode())


@given(rng=seeds, prefix=st.from_regex("[a-z][a-z0-9]{1,15}", fullmatch=True))
def test_every_made_value_is_well_formed_whatever_the_prefix(
    rng: random.Random, prefix: str
) -> None:
    value = new_value(prefix, rng)

    assert value.startswith(f"{prefix}_")
    assert is_well_formed(value)


@given(position=st.integers(0, len(VALUE) - 1), character=st.sampled_from(ALPHABET + "_é\n "))
def test_one_wrong_character_is_always_noticed(position: int, character: str) -> None:
    mistyped = VALUE[:position] + character + VALUE[position + 1 :]

    assert is_well_formed(mistyped) == (mistyped == VALUE)


@pytest.mark.parametrize("odd", ["", "kfb_", VALUE[:-1], VALUE + "0", VALUE + "\n", " " + VALUE])
def test_wrong_length_is_not_well_formed(odd: str) -> None:
    assert not is_well_formed(odd)


def test_digest_depends_on_value_and_pepper() -> None:
    other = new_value("kfb", random.Random(2))

    digests = {digest(value, pepper) for value in (VALUE, other) for pepper in (b"a", b"b")}

    assert len(digests) == 4
    assert VALUE.encode() not in b"".join(digests)


def test_hint_is_the_prefix_and_the_last_four() -> None:
    assert hint(VALUE) == "kfb_…" + VALUE[-4:]


def test_masking_hides_a_value_anywhere_and_nothing_else() -> None:
    text = f"GET /{VALUE}?key={VALUE}&id=key_3nT8fWq2LxVb6YcR1mZk9P req_5hG2kQ9sLwX1vB7nM3cR8t"

    assert (
        masked(text)
        == "GET /kfb_***?key=kfb_***&id=key_3nT8fWq2LxVb6YcR1mZk9P req_5hG2kQ9sLwX1vB7nM3cR8t"
    )
