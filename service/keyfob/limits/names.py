"""Under which name somebody is counted."""

import re
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address

GUESS = "guess:"
_LONGEST_NAME = 64
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d*)?|([\d.]+):\d+", re.ASCII)


def key_name(key_id: str) -> str:
    """Name the requests of a key."""
    return f"key:{key_id}"


def guess_name(address: str) -> str:
    """Name the guesses that come from a client's address."""
    return GUESS + network_of(address)


def sign_in_name(way: str, who: str) -> str:
    """Name attempts to sign in, by who makes them or whom they are after.

    Anybody can invent these names, so that they count among the guessers, who are bounded.

    Args:
        way: ``from`` an address, ``to`` an account, or ``in`` a browser that is known.
    """
    name = network_of(who) if way == "from" else sha256(who.encode()).hexdigest()
    return f"{GUESS}sign-in:{way}:{name}"


def network_of(address: str) -> str:
    """Answer the network whose clients are counted as one: IPv4 whole, IPv6 by its /64.

    A single subscriber commands a whole /64. The port that some proxies add must not make every
    connection another client. What is no address at all is its own network, within bounds.
    """
    with_port = _WITH_PORT.fullmatch(address)
    host = (with_port[1] or with_port[2]) if with_port else address
    try:
        parsed = ip_address(host)
    except ValueError:
        return address.encode("ascii", "backslashreplace")[:_LONGEST_NAME].decode()
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))
    return str(parsed)
