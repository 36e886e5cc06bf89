"""Who is at the other end, seen through the proxies that the operator trusts and no others."""

from keyfob.gate.request import HeaderLines


def client_address(peer: str, headers: HeaderLines, trusted_proxies: int) -> str:
    """Answer the client's address.

    Each proxy appends the address that it saw to ``X-Forwarded-For``. The last ``trusted_proxies``
    entries were written by ours; what stands before them, anybody may have invented.
    """
    if trusted_proxies == 0:
        return peer
    lines = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    seen = [address.strip() for line in lines for address in line.split(",")]
    return seen[-trusted_proxies] if len(seen) >= trusted_proxies else peer


def came_over_tls(scheme: str, headers: HeaderLines, trusted_proxies: int) -> bool:
    """Say whether the client's own connection is encrypted, here or at a proxy that is trusted."""
    if trusted_proxies == 0:
        return scheme == "https"
    told = [value.strip().lower() for name, value in headers if name == b"x-forwarded-proto"]
    return scheme == "https" or told[-1:] == [b"https"]
