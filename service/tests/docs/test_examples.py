"""The examples of the guides, as the pages show them, run as they are."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx
import pytest
from mocks import FULL, mocking
from processes import DEADLINE_SECONDS, Operator, Server
from reader import Reader

from keyfob.docs.guides import GUIDES

SHOWN = re.compile(r'<code data-example="([^"]+)">(.*?)</code>', re.DOTALL)


@dataclass(frozen=True)
class Platform:
    """A server, and a key of the first organisation's that may do everything."""

    server: Server
    key: str
    folder: Path


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    operator = Operator(tmp_path_factory.mktemp("docs"))
    key = operator.organization().key_value
    with operator.serving() as server:
        made = server.send("POST", "/v1/sites", key, json={"name": "Lobby"})
        assert made.status_code == 201
        yield Platform(server, key, operator.folder)


def shown(url: str, guide: str) -> dict[str, str]:
    """Answer the examples of a page, in their order."""
    page = httpx.get(f"{url}/docs/{guide}").text
    return {name: unescape(code) for name, code in SHOWN.findall(page)}


def statements(script: str) -> list[str]:
    """Answer what is pasted at a time: lines that go on are one."""
    return script.replace("\\\n", " ").splitlines()


def run(code: str, **environment: str) -> str:
    """Run a Python example to its end, and answer what it prints."""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize("guide", [each.name for each in GUIDES])
def test_lines_for_a_shell_work_in_their_order(platform: Platform, guide: str) -> None:
    scripts = {n: code for n, code in shown(platform.server.url, guide).items() if "sh" in n[-3:]}
    said: dict[str, str] = {}
    with closing(Reader(platform.folder, "", "", platform.key)) as reader:
        for name, script in scripts.items():
            said[name] = "".join(reader.paste(each) for each in statements(script))
    assert [name for name, text in said.items() if '"error":' in text] == (
        ["mistake.sh"] if guide == "errors" else []
    )
    if "mistake.sh" in said:
        assert '"/query/limit"' in said["mistake.sh"]
        assert '"/query/colour"' in said["mistake.sh"]
    if "still-used.sh" in said:
        assert ['"revoked"' in said[f"{n}.sh"] for n in ("stop-the-old", "bring-it-back")] == [
            True,
            False,
        ]


def test_first_requests_in_python_tell_who_one_is_and_what_is_wrong(platform: Platform) -> None:
    url = platform.server.url
    me = run(shown(url, "getting-started")["first_request.py"], KEYFOB_KEY=platform.key)
    assert me.startswith("admin ['visitors:read'")
    wrong = run(shown(url, "errors")["handle_errors.py"], KEYFOB_KEY=platform.key).splitlines()
    assert [line.split()[0] for line in wrong] == ["/query/limit", "/query/colour"]


def test_backoff_waits_as_long_as_it_is_told_and_the_mock_finds_it_careful(tmp_path: Path) -> None:
    with mocking(tmp_path) as mock:
        code = shown(mock.url, "rate-limits")["backoff.py"]
        every_page = shown(mock.url, "best-practices")["every_page.py"]
        mock.reset()
        mock.script(
            {"drop": True}, {"status": 429, "retryAfter": 1}, {"status": 503, "retryAfter": 1}
        )
        lines = run(code, KEYFOB_KEY=FULL).splitlines()
        count = run(every_page.replace('"limit": 100', '"limit": 10'), KEYFOB_KEY=FULL)
        statuses = [entry["status"] for entry in mock.journal()]
        grade = mock.control("GET", "grade")
    assert [line.split()[0] for line in lines] == ["200"] * 3
    assert sorted(filter(None, statuses))[-2:] == [429, 503]
    assert count == "58 visitors\n"
    verdicts = {rule["name"]: rule["verdict"] for rule in grade["rules"]}
    kept = ("keeps_retry_after", "follows_pages", "keeps_key_out_of_urls", "names_itself")
    assert [verdicts[rule] for rule in kept] == ["passed"] * 4
    faults = [rule for rule, verdict in verdicts.items() if verdict == "fault"]
    assert faults == ["needs_its_scopes"]  # the key may do everything


def test_value_that_is_read_anew_survives_a_rotation(platform: Platform, tmp_path: Path) -> None:
    server = platform.server
    code = shown(server.url, "rotation")["read_anew.py"]
    draft = {"name": "read anew", "scopes": ["sites:read"], "siteIds": ["*"]}
    made = server.send("POST", "/v1/api-keys", platform.key, json=draft).json()
    secret = tmp_path / "key"
    secret.write_text(made["key"])
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={"KEYFOB_KEY_FILE": str(secret)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout
        assert program.stdout.readline() == "version 1\n"
        rotated = server.send("POST", f"/v1/api-keys/{made['id']}/rotate", platform.key).json()
        secret.write_text(rotated["key"])
        said, complaints = program.communicate("\n\n", timeout=DEADLINE_SECONDS)
    assert program.returncode == 0, complaints
    assert "version 2\n" in said
