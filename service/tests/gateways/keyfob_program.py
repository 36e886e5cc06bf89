"""Keyfob as the gateways meet it: a process of its own, which trusts one proxy."""

import os
import sys
from pathlib import Path

import httpx
from gateways.programs import Program, free_port
from gateways.wire import answers
from processes import Operator
from world import Api

import keyfob

GUESSES_PER_MINUTE = 3


class KeyfobProgram(Program):
    """Keyfob's own server, with one organisation in it."""

    def __init__(self, folder: Path) -> None:
        operator, port = Operator(folder), free_port()
        self._value = operator.organization().key_value
        own = {
            "DATABASE_URL": f"sqlite:///{operator.database}",
            "KEYFOB_TRUSTED_PROXIES": "1",
            "KEYFOB_GUESSES_PER_MINUTE": str(GUESSES_PER_MINUTE),
            "PYTHONPATH": str(Path(keyfob.__file__).parents[1]),
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("KEYFOB_")}
        command = [sys.executable, "-m", "keyfob", "serve", "--port", str(port)]
        super().__init__("keyfob", command, folder, port, inherited | own, answers("/readyz", 200))

    def api(self) -> Api:
        """Answer the API as a key sees it that holds everything; close its ``http`` after use."""
        return Api(httpx.Client(base_url=f"http://127.0.0.1:{self.port}"), self._value)
