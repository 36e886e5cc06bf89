"""A server at a URL.

The standard library's client, since what the kit sends has to arrive as it is: odd targets, doubled
headers, bodies where none belong. Well-mannered clients mend all that on the way.
"""

import http.client
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.target import Unreachable

TIMEOUT_SECONDS = 30


MOST_AT_ONCE = 32


class HttpTarget:
    """A server at a URL, over one connection for each thread, kept open.

    Raises:
        ValueError: it is no URL of a server.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url} is not the URL of a server: http://host:port")
        self.url = url
        self._host, self._port, self._secure = parts.hostname, parts.port, parts.scheme == "https"
        self._base_path = parts.path.rstrip("/")
        self._local = threading.local()
        self._opened: list[http.client.HTTPConnection] = []
        self._is_closed = False
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="kit")

    def send(self, request: Request) -> Reply:
        """Answer what the server answers. Raises Unreachable."""
        was_open: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        try:
            if was_open is not None:
                try:
                    return self._exchange(was_open, request)
                except (http.client.RemoteDisconnected, ConnectionError):
                    # A server may close an idle connection at any time; a fresh one tells whether
                    # it lives.
                    was_open.close()
            self._local.connection = self._connect()
            return self._exchange(self._local.connection, request)
        except (OSError, http.client.HTTPException) as error:
            self._local.connection = None
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise Unreachable(
                f"{self.url} did not answer {request.method} {request.path} ({what})"
            ) from error

    def send_together(self, requests: Sequence[Request]) -> list[Reply]:
        """Send all at once, as far as there are threads. Raises Unreachable."""
        return list(self._threads.map(self.send, requests))

    def settle(self) -> None:
        """Do nothing: who waits for something has to ask again."""

    def close(self) -> None:
        """Close the connections, those of other threads, too."""
        self._threads.shutdown(cancel_futures=True)
        self._is_closed = True
        for connection in self._opened:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        if self._is_closed:  # something was to be sent later than the run took
            raise ConnectionError("the run is over")
        make = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = make(self._host, self._port, timeout=TIMEOUT_SECONDS)
        self._opened.append(connection)
        return connection

    def _exchange(self, connection: http.client.HTTPConnection, request: Request) -> Reply:
        target = self._base_path + request.target
        connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value.encode("latin-1"))
        if request.body or request.method in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        response = connection.getresponse()
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        return Reply(response.status, headers, response.read())
