"""Keyfob as it is served, with a store of its own, for one measurement."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 30
KEYFOB = str(Path(sys.executable).with_name("keyfob"))
UNLIMITED = {"rateLimit": {"requests": 1_000_000, "windowSeconds": 1}}


@dataclass(frozen=True)
class Served:
    """A server that serves, and a key of each of two organisations that may do all."""

    url: str
    key: str
    other_key: str


@contextmanager
def served() -> Generator[Served]:
    """Serve from a new SQLite file, in one process, with nothing set but the address."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/keyfob.db"}
        keys = [_organization(name, environment) for name in ("Example Ltd", "Other Ltd")]
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        command = [KEYFOB, "serve", "--port", str(port)]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(url)
            for key in keys:
                current = _ask("GET", f"{url}/v1/api-keys/current", key)
                _ask("PATCH", f"{url}/v1/api-keys/{current['id']}", key, UNLIMITED)
            yield Served(url, *keys)
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def _organization(name: str, environment: dict[str, str]) -> str:
    email = f"admin@{name.split(maxsplit=1)[0].lower()}.example"
    command = [KEYFOB, "create-organization", name, "--admin-email", email, "--json"]
    made = subprocess.run(command, env=environment, capture_output=True, check=True)
    return str(json.loads(made.stdout)["key"]["key"])


def _ask(method: str, url: str, key: str, body: Any = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    request = urllib.request.Request(url, content, headers, method=method)
    with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as reply:
        return json.load(reply)


def _wait_until_ready(url: str) -> None:
    ends = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < ends:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{url} did not get ready within {DEADLINE_SECONDS} seconds")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
