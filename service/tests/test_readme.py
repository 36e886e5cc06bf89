"""The README says what the code does, and its examples do what it says."""

import json
import re
import sys
from contextlib import closing
from pathlib import Path

from mocks import mocking
from processes import Operator, wait_until
from reader import Reader, examples

from keyfob.gate.accounting import STATUS_OF_CODE
from keyfob.settings import DOCUMENTED

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TOUR = README.partition("## A key's life\n")[2].partition("## Running it\n")[0]
MOCK = README.partition("## A mock to build against\n")[2].partition("## A key's life\n")[0]
SERVER_URL, MOCK_URL = "http://127.0.0.1:8080", "http://127.0.0.1:4010"


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    rows = [
        f"| `{doc.name}` | {'' if doc.default == 'unset' else f'`{doc.default}`'} | {doc.meaning} |"
        for doc in DOCUMENTED
    ]
    documented = re.findall(r"^\| `[A-Z_]+` \|.*$", README, re.MULTILINE)

    assert documented == rows


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
    assert len(examples(TOUR)) > 20
    operator = Operator(tmp_path)
    key = operator.organization().key_value
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with (
        operator.serving() as server,
        closing(Reader(tmp_path, SERVER_URL, server.url, key)) as reader,
    ):
        for line in examples(TOUR):
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


def test_partner_with_nothing_but_the_readme_meets_a_429_and_gets_from_faults_to_none(
    tmp_path: Path,
) -> None:
    """The lines are pasted as they are; what their comments promise is looked for."""
    start, *lines, waiting = examples(MOCK)
    assert start.startswith("make mock")
    assert "--wait" in waiting  # for a certification, which is another scenario
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with mocking(tmp_path) as mock, closing(Reader(tmp_path, MOCK_URL, mock.url)) as reader:
        said = {line: reader.paste(line) for line in lines}

    def said_to(command: str) -> str:
        (found,) = [text for line, text in said.items() if line.startswith(command)]
        return found

    assert said_to("m $MOCK/v1/visitors    ").count('"company":') == 50
    assert said_to('page "&cursor').strip() == "null"
    assert re.findall(r"^HTTP/1.1 (\d+)", said_to("m -i $MOCK/v1/visitors -H"), re.MULTILINE) == [
        "429"
    ]
    thrice = said_to("m -i $MOCK/v1/visitors && ")
    assert re.findall(r"^HTTP/1.1 (\d+)", thrice, re.MULTILINE) == ["429", "429", "200"]
    assert "kfbmock_" not in said_to("m $MOCK/_mock/journal")
    careless, mended = (said[line] for line in lines if "echo $?" in line)
    assert "FAULT  Waits as long as Retry-After says" in careless
    assert "FAULT  Follows lists to their end" in careless
    assert (careless.splitlines()[-2], mended.splitlines()[-2]) == ("1", "0")
    assert "No fault was seen in 5 requests." in mended
