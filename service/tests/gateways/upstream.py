"""The API behind the gateway: a plain HTTP server that remembers what reaches it."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Arrived:
    """A request that reached the API.

    Attributes:
        target: as it stood in the request line, before any decoding.
    """

    method: str
    target: str
    headers: Message
    body: bytes

    @property
    def identity(self) -> dict[str, list[str]]:
        """Every header that says, or seems to say, who the key is; in whatever spelling."""
        found: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            alike = name.lower().replace("_", "-")
            if alike.startswith("x-keyfob"):
                found.setdefault(alike, []).append(value)
        return found


class Upstream(ThreadingHTTPServer):
    """Answers 201 to POST and 200 to all else, unless ``status`` says otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: list[Arrived] = []
        self.status: int | None = None

    @property
    def port(self) -> int:
        return self.server_address[1]

    def reset(self) -> None:
        """Forget everything."""
        self.arrived.clear()
        self.status = None


@contextmanager
def serving_upstream() -> Generator[Upstream]:
    """Serve on a free port meanwhile."""
    upstream = Upstream()
    thread = threading.Thread(target=upstream.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield upstream
    finally:
        upstream.shutdown()
        thread.join()
        upstream.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Upstream  # pyright: ignore[reportIncompatibleVariableOverride]

    def _answer(self) -> None:
        # Not self.path: http.server mends that a little.
        target = self.requestline.split(" ")[1]
        arrived = Arrived(self.command, target, self.headers, self._body())
        self.server.arrived.append(arrived)
        status = self.server.status or (201 if self.command == "POST" else 200)
        content = b'{"from":"the API"}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def _body(self) -> bytes:
        if self.headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"] or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent: what arrives is remembered."""
