"""A reader of the README, who tries what it says."""

import json
import os
import re
import subprocess
import threading
from pathlib import Path
from typing import IO

from processes import DEADLINE_SECONDS


def examples(text: str) -> list[str]:
    """Answer the lines that are there to be pasted."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


class Reader:
    """Somebody who pastes line after line into one bash, and puts in what ``…`` stands for.

    Args:
        told_url: where the README says that the server is; it is at ``url``.
    """

    def __init__(self, folder: Path, told_url: str, url: str, key_value: str = "") -> None:
        self._told_url = told_url
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
        command = command.replace(self._told_url, self._url)
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
            elif site := re.search(r'"id": ?"(site_\w+)"', line):
                self.noted["site_…"] = site[1]
