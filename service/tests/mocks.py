"""The mock as a real process, and its API as one of the well-known keys sees it."""

import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from processes import DEADLINE_SECONDS, Operator, Server, wait_until

from keyfob.world import read_world, shipped_fixtures

KEYS = {key["name"]: key["value"] for key in read_world(shipped_fixtures()).keys}
DESK, FULL, TIGHT = KEYS["visitor-desk"], KEYS["full-access"], KEYS["tight-limit"]
HAMBURG = "site_HamburgOffice000000001"
VISITOR = {"siteId": HAMBURG, "name": "Grace Hopper", "expectedAt": "2030-03-02T09:00:00Z"}


@dataclass(frozen=True)
class Mock:
    """A mock that serves."""

    server: Server
    out_file: Path
    http: httpx.Client

    @property
    def url(self) -> str:
        return self.server.url

    def __call__(
        self, method: str, path: str, key: str | None = DESK, **request: Any
    ) -> httpx.Response:
        """Send a request with a key; ``json``, ``headers`` and so on are httpx's."""
        own = {} if key is None else {"Authorization": f"Bearer {key}"}
        headers = {**own, **request.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **request)

    def control(self, method: str, path: str, **request: Any) -> Any:
        """Ask the mock for something of its own, which it has to do; answer the reply's body."""
        reply = self(method, f"/_mock/{path}", key=None, **request)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def reset(self) -> None:
        self.control("POST", "reset")

    def advance(self, seconds: int) -> None:
        self.control("POST", "clock", json={"advanceSeconds": seconds})

    def script(self, *steps: dict[str, Any]) -> None:
        self.control("POST", "failures", json=list(steps))

    def journal(self) -> list[dict[str, Any]]:
        return self.control("GET", "journal")["data"]


@contextmanager
def mocking(folder: Path, *options: str, **settings: str) -> Generator[Mock]:
    """Serve a mock on a free port meanwhile."""
    operator = Operator(folder)
    log_file, out_file = folder / f"mock-{time.monotonic_ns()}.log", folder / "mock.out"
    with log_file.open("wb") as log, out_file.open("wb") as out:
        process = subprocess.Popen(
            operator.command("mock", "--port", "0", *options),
            cwd=folder,
            env=operator.environment(settings),
            stdout=out,
            stderr=log,
        )
    try:
        wait_until(lambda: process.poll() is not None or '"serving"' in log_file.read_text())
        assert process.poll() is None, log_file.read_text()
        url = Server(process, log_file, 0).log(event="serving")[0]["url"]
        server = Server(process, log_file, int(url.rpartition(":")[2]))
        with httpx.Client(base_url=url, timeout=DEADLINE_SECONDS) as http:
            yield Mock(server, out_file, http)
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
