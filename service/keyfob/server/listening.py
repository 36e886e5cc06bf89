"""The socket on which the server listens."""

import errno
import os
import socket

from keyfob.settings import StartRefused

BACKLOG = 2048
"""Connections that may wait for the server to take them; the kernel may allow fewer."""


class CannotListen(StartRefused):
    """The address cannot be had."""


def listen(host: str, port: int, *, chosen_with: str = "--host and --port") -> socket.socket:
    """Open the socket; of a name's addresses the first of IPv4 is taken, or else of IPv6.

    Args:
        port: 0 for any that is free.
        chosen_with: what the operator has chosen them with.

    Raises:
        CannotListen: with a sentence for the operator.
    """
    try:
        family, address = _resolve(host, port)
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise CannotListen(
            f"{host} is no address of this machine ({error.strerror}). Choose another with"
            f" {chosen_with}."
        ) from error
    except OSError as error:
        raise CannotListen(_sentence(host, port, chosen_with, error.errno or 0)) from error


def url_of(listener: socket.socket) -> str:
    """Answer the base URL under which a listener is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, (str(address[0]), int(address[1]))


def _sentence(host: str, port: int, chosen_with: str, number: int) -> str:
    if number == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use by another program. Stop that one, or choose another"
            f" address with {chosen_with}."
        )
    return (
        f"Cannot listen on port {port} of {host}: {os.strerror(number)}. Choose another address"
        f" with {chosen_with}."
    )
