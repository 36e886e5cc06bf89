"""The log is JSON, line by line, on stderr, and never holds a key's value."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import keyfob

VALUE = "kfb_0123456789abcdefghijklmnopqABCDEF"
KEY_ID = "key_3nT8fWq2LxVb6YcR1mZk9P"

PREAMBLE = """
import logging, sys, warnings
import structlog
from keyfob.domain.secret_value import masked
from keyfob.logs import configure_logs

early = structlog.get_logger("made before logging was set up")
configure_logs(sys.argv[1], masked)
log = structlog.get_logger()
value = sys.stdin.read()
"""


def logged(script: str, level: str = "info") -> tuple[list[dict[str, Any]], str]:
    """Run a script, and answer its log as parsed and as it was written."""
    result = subprocess.run(
        [sys.executable, "-c", PREAMBLE + script, level],
        env={"PYTHONPATH": str(Path(keyfob.__file__).parents[1])},
        input=VALUE,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert result.stdout == ""
    return [json.loads(line) for line in result.stderr.splitlines()], result.stderr


def test_event_is_one_line_of_json_with_time_in_utc_and_level() -> None:
    (first, second), _ = logged('log.info("request", status=200); early.error("two\\nlines")')
    assert list(first) == ["time", "level", "event", "status"]
    assert first["time"].endswith("Z")
    assert (first["level"], first["event"], first["status"]) == ("info", "request", 200)
    assert (second["level"], second["event"]) == ("error", "two\nlines")


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_what_is_below_the_level_is_not_written(level: str, written: list[str]) -> None:
    script = 'for name in ("debug", "info", "warning", "error"): getattr(log, name)(name)'
    assert [line["event"] for line in logged(script, level)[0]] == written


def test_value_is_blotted_out_wherever_it_stands() -> None:
    lines, text = logged("""
log.info("sent " + value, member=value, nested=[{"deep": ("x" + value + ".",)}], **{value: 1})
log.info("bytes", raw=value.encode(), thing={value})
logging.getLogger("library").error("sent %s", value)
try:
    raise ValueError(value)
except ValueError:
    log.exception("failed")
    logging.getLogger("library").exception("failed")
""")
    assert len(lines) == 5
    assert VALUE[4:] not in text
    assert lines[0]["event"] == "sent kfb_***"
    assert lines[0]["nested"] == [{"deep": ["xkfb_***."]}]
    assert lines[0]["kfb_***"] == 1
    assert "ValueError: kfb_***" in lines[3]["exception"]


def test_identifiers_are_no_secrets() -> None:
    (line,), _ = logged(f'log.info("request", key_id="{KEY_ID}")')
    assert line["key_id"] == KEY_ID


def test_exception_is_a_member_with_the_traceback_and_without_local_variables() -> None:
    (line,), text = logged("""
def fail(secret):
    raise LookupError("not there")
try:
    fail("a local" + " variable")
except LookupError:
    log.exception("failed", request_id="req_x")
""")
    assert (line["level"], line["event"], line["request_id"]) == ("error", "failed", "req_x")
    assert line["exception"].startswith("Traceback (most recent call last)")
    assert line["exception"].endswith("LookupError: not there")
    assert "in fail" in line["exception"]
    assert "a local variable" not in text


def test_warnings_and_errors_of_libraries_go_the_same_way_and_their_chatter_nowhere() -> None:
    lines, _ = logged("""
logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
logging.getLogger("uvicorn.error").warning("%s\\n", "Careful")
logging.getLogger("asyncio").error("Broken")
warnings.warn("deprecated", UserWarning)
""")
    seen = [(line["level"], line["logger"], line["event"]) for line in lines]
    assert seen[:2] == [("warning", "uvicorn.error", "Careful"), ("error", "asyncio", "Broken")]
    assert seen[2][:2] == ("warning", "py.warnings")
    assert "deprecated" in seen[2][2]
    assert len(seen) == 3


def test_what_json_does_not_know_stops_no_log_line() -> None:
    lines, _ = logged("""
log.info("surrogate", path="\\udcff" + value)
log.info("number", number=2**70)
log.info("object", thing=ValueError("x"))
""")
    assert lines[0]["path"] == "\udcffkfb_***"
    assert lines[1]["number"] == 2**70
    assert lines[2]["thing"] == "ValueError('x')"
