"""Who may talk to the mock: not the pages of other sites that somebody has open in a browser."""

from collections.abc import Collection
from urllib.parse import urlsplit

from keyfob.errors import Problem
from keyfob.gate.request import Request
from keyfob.pepper import is_loopback


class Bounds:
    """Tells requests that a page of another site makes, behind the back of who reads it.

    On loopback nobody is known by a foreign name: who comes under one was led here by a name that
    points to this machine today, and is no other site to the browser (DNS rebinding). Elsewhere
    the mock does not know by what names it is reached.

    Args:
        host: that it listens on.
        names: by which it is reached as well.
    """

    def __init__(self, host: str, names: Collection[str]) -> None:
        self._knows_its_names = is_loopback(host)
        self._names = frozenset(map(str.casefold, (host, *names)))

    def problem(self, request: Request) -> Problem | None:
        """Say what speaks against a request, if anything does."""
        hosts = request.header_values(b"host")
        if self._knows_its_names and not all(self._is_own(_host_of(f"//{each}")) for each in hosts):
            return Problem("/header/Host", "is none of the mock's names: add it with --allow-host")
        origins = request.header_values(b"origin")
        if any(not self._is_at_home(origin, hosts) for origin in origins):
            return Problem("/header/Origin", "is another site: its pages may not talk to the mock")
        if origins or request.raw_path == b"/":  # the page for people, to which others may link
            return None
        if "cross-site" in request.header_values(b"sec-fetch-site"):
            return Problem("/header/Sec-Fetch-Site", "is cross-site: no page of another may ask")
        return None

    def _is_at_home(self, origin: str, hosts: Collection[str]) -> bool:
        return self._is_own(_host_of(origin)) or origin.partition("://")[2] in hosts

    def _is_own(self, host: str | None) -> bool:
        return host is not None and (is_loopback(host) or host in self._names)


def _host_of(url: str) -> str | None:
    """Answer the name of a host, in lower case; None if there is none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
