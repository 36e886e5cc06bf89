"""Clients are told apart by what they cannot change at will."""

import pytest

from keyfob.limits import guess_name, key_name, network_of, sign_in_name


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:4711", "203.0.113.7"),
    ],
)
def test_ipv4_counts_whole_and_ipv6_by_its_64(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    "text", ["", "unknown", "localhost", "203.0.113.999", "203.0.113.07", "[]", "1:2", "_hidden"]
)
def test_what_is_no_address_counts_as_itself(text: str) -> None:
    assert network_of(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * 100_000, id="long"),
        pytest.param("\u2603" * 100, id="no latin"),
        pytest.param("\udcff" * 100, id="no text"),
        pytest.param("[" * 100_000, id="all brackets"),
        pytest.param("[" + "1" * 100_000 + "]:1", id="long in brackets"),
    ],
)
def test_what_is_no_address_counts_within_bounds_and_as_ascii(text: str) -> None:
    assert len(network_of(text)) <= 64
    assert network_of(text).isascii()


def test_keys_and_guessers_never_share_a_name() -> None:
    assert key_name("key_1") == "key:key_1"
    assert guess_name("key_1") == "guess:key_1"


def test_attempts_to_sign_in_count_apart_and_name_nobody_in_clear() -> None:
    account = sign_in_name("to", "ada@acme.example")
    names = {sign_in_name("from", "2001:db8::1"), account, sign_in_name("in", "ada@acme.example")}
    assert len(names | {guess_name("2001:db8::1")}) == 4
    assert sign_in_name("from", "2001:db8::2") in names
    assert all(name.startswith("guess:") for name in names)
    assert "ada" not in account
