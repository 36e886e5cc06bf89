"""The commands that reports show ask exactly what was asked."""

import random
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keyfob_contract.report.curl import LONGEST_ARGUMENT, curl
from keyfob_contract.report.masking import Mask
from keyfob_contract.wire.http_target import HttpTarget
from keyfob_contract.wire.message import Request

VALUE = "kfb_Ky9Pf34qY6Nb3wWD25RQ4F5ZR3q3eIvKx"
MASK = Mask({VALUE: "RUNNER"})
CURLS_OWN = {"host", "user-agent", "accept", "accept-encoding", "content-length", "connection"}
JSON = ("Content-Type", "application/json")
BEARER = ("Authorization", f"Bearer {VALUE}")

REQUESTS = {
    "plain": Request("GET", "/v1/sites?limit=5&q=a%20b", (BEARER,)),
    "two_credentials": Request("GET", "/v1/sites", (BEARER, BEARER, ("X-API-Key", VALUE))),
    "key_in_the_url": Request("GET", f"/v1/sites?api_key={VALUE}&x=1"),
    "key_within_a_word": Request("GET", f"/v1/x{VALUE}y/{VALUE}"),
    "key_cut_short": Request("GET", "/v1/sites", (("X-API-Key", VALUE[:20]),)),
    "empty_header": Request("GET", "/v1/sites", (("X-API-Key", ""),)),
    "blanks_in_a_header": Request("GET", "/v1/sites", (("X-Odd", "a  b"),)),
    "odd_header": Request("GET", "/v1/sites", (("X-Odd", "\"é' $HOME `id` \\ !!"),)),
    "odd_target": Request("GET", "/v1/[a]{b}*(c)!$HOME;'d'|<>"),
    "dots": Request("GET", "/v1/../v2/./x"),
    "double_slash": Request("GET", "//v1//sites"),
    "fragment": Request("GET", "/v1/sites#part"),
    "escapes": Request("GET", "/v1/%0A%FF%2"),
    "json": Request("POST", "/v1/sites", (JSON, BEARER), b'{"name": "it\'s $5 \xc3\xa9"}'),
    "key_in_the_body": Request("POST", "/v1", (JSON,), b'{"key": "' + VALUE.encode() + b'"}'),
    "no_body": Request("POST", "/v1/sites", (BEARER,)),
    "no_media_type": Request("POST", "/v1/sites", (), b"{}"),
    "file_name": Request("POST", "/v1/sites", (JSON,), b"@/etc/hostname"),
    "lines": Request("POST", "/v1/sites", (JSON,), b"\r\n a\n\tb\r\n"),
    "no_text": Request("POST", "/v1/sites", (JSON,), bytes(range(1, 256)) + b"\\'"),
    "null_bytes": Request("POST", "/v1/sites", (JSON,), b"a\0b\0\0\0c"),
    "long_run": Request("POST", "/v1/sites", (JSON,), b" " * 65_537),
    "deep": Request("POST", "/v1/sites", (JSON,), b"-%s" + b"[" * 5_000 + b"'" + b"]" * 5_000),
    "long": Request("POST", "/v1/sites", (JSON,), b"ab'" * LONGEST_ARGUMENT),
    "edit": Request("PATCH", "/v1/sites/x", (JSON, ("If-Match", '"1"')), b"{}"),
    "delete": Request("DELETE", "/v1/sites/x", (BEARER,)),
    "get_with_a_body": Request("GET", "/v1/sites", (JSON,), b"{}"),
    "head": Request("HEAD", "/v1/sites", (BEARER,)),
    "head_with_a_body": Request("HEAD", "/v1/sites", (JSON,), b"{}"),
    "odd_method": Request("BREW", "/v1/sites"),
}


Heard = tuple[bytes, list[bytes], bytes]
"""The first line of a request, its headers and its body."""


class Recorder:
    """A server that keeps what it is sent, to the byte, and answers nothing of interest."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard: list[Heard] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                line = stream.readline()
                headers = list(iter(stream.readline, b"\r\n"))
                length = [h.split(b":")[1] for h in headers if h.lower()[:15] == b"content-length:"]
                self.heard.append((line, headers, stream.read(int(length[0])) if length else b""))
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()


def essence(heard: Heard) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
    """Leave out what a client adds of its own, and the blanks around the values of headers."""
    line, headers, body = heard
    parts = (header.partition(b":") for header in headers)
    named = [(name.decode().lower(), value.strip()) for name, _, value in parts]
    return line, sorted(each for each in named if each[0] not in CURLS_OWN), body


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
def test_the_command_sends_what_was_sent(
    recorder: Recorder, program: Callable[[str], str], request_: Request
) -> None:
    target = HttpTarget(recorder.url)
    target.send(request_)
    target.close()
    command = curl(request_, MASK)
    assert VALUE not in command
    assert command.isascii()
    path = f"{Path(program('curl')).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["/bin/bash"],
        input=command,
        env={"URL": recorder.url, "RUNNER": VALUE, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sent, asked_again = map(essence, recorder.heard)
    assert asked_again == sent


def test_any_body_reaches_curl_as_it_is() -> None:
    """What a shell might take for something else is likely among so many odd characters."""
    dice = random.Random(20260301)
    alphabet = "'\"\\$`!@{}[]()<>|&;#~*?%-= \t\n\r\x01\x7f\x80\xffaZ0"
    bodies = ["".join(dice.choices(alphabet, k=dice.randint(1, 40))) for _ in range(500)]
    requests = [Request("POST", "/", (JSON,), body.encode("latin-1")) for body in bodies]
    words = [curl(request, MASK).partition("--data-raw ")[2] for request in requests]
    script = "\n".join(f"printf '%s\\0' {word}" for word in words)
    printed = subprocess.run(["/bin/bash"], input=script.encode(), capture_output=True, check=True)
    assert printed.stdout.decode("latin-1").split("\0")[:-1] == bodies


def test_a_simple_request_reads_as_somebody_would_write_it() -> None:
    request = Request("PATCH", "/v1/api-keys/key_1", (BEARER,)).with_json({"name": "x"})
    assert curl(request, MASK) == (
        'curl -sS -i -X PATCH "$URL/v1/api-keys/key_1" \\\n'
        '  -H "Authorization: Bearer $RUNNER" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        """  --data-raw '{"name":"x"}'"""
    )
