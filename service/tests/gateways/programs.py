"""Real programs on free ports of this machine, which tests start and stop."""

import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from processes import DEADLINE_SECONDS, wait_until


def free_port() -> int:
    """Answer a port on which nobody listens just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@dataclass
class Program:
    """A program that listens on ``port`` from ``start`` to ``stop``, as often as one likes.

    Attributes:
        is_ready: says whether it answers as it should; asked again and again while it starts.
    """

    name: str
    command: list[str]
    folder: Path
    port: int
    environment: dict[str, str]
    is_ready: Callable[[int], bool]
    _process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        self._process = process
        wait_until(lambda: process.poll() is not None or self.is_ready(self.port))
        assert process.poll() is None, self.log()

    def stop(self) -> None:
        """End it, if it has not ended yet."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def log(self) -> str:
        """Answer all that it has said."""
        return self.log_file.read_text(errors="replace")
