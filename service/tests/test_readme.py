"""The README says what the code does, and its examples do what it says."""

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import IO

from processes import DEADLINE_SECONDS, Operator, wait_until

from keyfob.gate.accounting import STATUS_OF_CODE
from keyfob.settings import DOCUMENTED

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TOUR = README.partition("## A key's life\n")[2].partition("## Running it\n")[0]
EXAMPLES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", TOUR, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line
]


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    rows = [
        f"| `{doc.name}` | {'' if doc.default == 'unset' else f'`{doc.default}`'} | {doc.meaning} |"
        for doc in DOCUMENTED
    ]
    documented = re.findall(r"^\| `[A-Z_]+` \|.*$", README, re.MULTILINE)

    assert documented == rows


class Reader:
    """Somebody who pastes line after line into one bash, and puts in what ``…`` stands for."""

    def __init__(self, folder: Path, url: str, key_value: str) -> None:
        self._url = url
        self.noted = {"kfb_…": key_value}
        self._bash = subprocess.Popen(
            ["/bin/bash"],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._patience = threading.Timer(3 * DEADLINE_SECONDS, self._bash.kill)
        self._patience.start()

    def close(self) -> None:
        """Leave bash."""
        self._bash.communicate()
        self._patience.cancel()

    def paste(self, command: str) -> str:
        """Answer what is printed; the line must succeed."""
        for placeholder in re.findall(r"\w+_…", command):
            command = command.replace(placeholder, self.noted[placeholder])
        command = command.replace("http://127.0.0.1:8080", self._url)
        end = "end of output"
        self._stdin.write(f"{command}\nprintf '\\n{end} %s\\n' $?\n")
        self._stdin.flush()
        lines: list[str] = []
        for line in self._stdout:
            if line.startswith(end):
                assert line == f"{end} 0\n", f"{command}\n{''.join(lines)}"
                break
            lines.append(line)
        self._note(lines)
        return "".join(lines)

    @property
    def _stdin(self) -> IO[str]:
        assert self._bash.stdin is not None
        return self._bash.stdin

    @property
    def _stdout(self) -> IO[str]:
        assert self._bash.stdout is not None
        return self._bash.stdout

    def _note(self, lines: list[str]) -> None:
        for line in lines:
            if line.startswith('{"key":'):
                made = json.loads(line)
                self.noted |= {"kfb_…": made["key"], "key_…": made["id"]}
            elif line.lower().startswith("x-request-id: "):
                self.noted["req_…"] = line.split()[1]


def demand_promised(promise: str, said: str) -> None:
    """Check what can be checked of a comment: error codes, a status, what is in quotes."""
    errors = [json.loads(line) for line in said.splitlines() if line.startswith('{"error":')]
    codes = [each["error"]["code"] for each in errors]
    assert codes == re.findall(r"[A-Z]+(?:_[A-Z]+)+", promise)
    if status := re.match(r"\d{3}\b", promise):
        told = said.split()[1] if said.startswith("HTTP/") else str(STATUS_OF_CODE[codes[0]])
        assert told == status[0]
    for quoted in re.findall(r'"\w+"', promise):
        assert quoted in said
    for prefix in re.findall(r"(X-\w+-)\*", promise):
        assert prefix.lower() in said.lower()


def test_examples_work_in_their_order_and_do_what_their_comments_say(tmp_path: Path) -> None:
    assert len(EXAMPLES) > 20
    operator = Operator(tmp_path)
    key = operator.organization().key_value
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with operator.serving() as server, closing(Reader(tmp_path, server.url, key)) as reader:
        for line in EXAMPLES:
            command, _, comment = line.partition("# ")
            promise, _, promise_of_the_next = comment.partition("again: ")
            if "req_…" in command:  # usage shows within two seconds, sooner than anybody reads
                request = f"/v1/requests/{reader.noted['req_…']}"
                wait_until(lambda path=request: server.get(path, key).is_success)
            said = reader.paste(command)
            demand_promised(promise, said)
            if promise_of_the_next:
                said_again = reader.paste(command)
                demand_promised(promise_of_the_next, said_again)
                assert said_again == said or '"error"' in said_again
