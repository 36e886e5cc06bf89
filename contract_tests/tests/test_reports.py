"""Every kind of report tells of what was broken, and none tells a key's value."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from runs import Judged, judged

from keyfob_contract.report import har, html, json_report, junit, terminal
from keyfob_contract.report.masking import ENOUGH_TO_MATTER
from keyfob_contract.run.matrix import Coverage
from keyfob_contract.run.results import Verdict
from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.target import Target

ODD = "<script>alert(1)</script> & \x1b[2J \x00 \u202e ']]>"


class Leaky:
    """Tells in every refusal what it was sent: plain, cut short, escaped, in headers, as bytes."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._number = 0

    def send(self, request: Request) -> Reply:
        reply = self._target.send(request)
        sent = dict(request.headers).get("Authorization", "") or request.query
        return self._leaking(sent, reply) if reply.status == 401 and len(sent) > 30 else reply

    def send_together(self, requests: Sequence[Request]) -> list[Reply]:
        return [self.send(request) for request in requests]

    def settle(self) -> None:
        self._target.settle()

    def close(self) -> None:
        self._target.close()

    def _leaking(self, sent: str, reply: Reply) -> Reply:
        escaped = "".join(f"\\u{ord(each):04x}" for each in sent)
        bodies = [
            json.dumps({"sent": sent, "odd": ODD}).encode(),
            json.dumps({"sent": sent[:-3]}).encode(),
            f'{{"sent": "{escaped}"}}'.encode(),
            b"\xff\xfe" + sent.encode(),
            f"no JSON, but {'x' * 150}{sent}".encode(),  # which complaints quote, and cut off
        ]
        self._number += 1
        location = ("location", f"/login?for={sent}")
        body = bodies[self._number % len(bodies)]
        return replace(reply, headers=(*reply.headers, location), body=body)


def parsed(xml: str) -> ET.Element:
    return ET.fromstring(xml)


@pytest.fixture(scope="module")
def leaky() -> Judged:
    return judged(Leaky)


def outputs(run: Judged) -> dict[str, str]:
    report = run.report
    return {
        "terminal": terminal.rendered(report),
        "json": json_report.rendered(report),
        "junit": junit.rendered(report),
        "html": html.rendered(report),
        "har": har.rendered(report, run.result.recorded, run.mask),
    }


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("encoding") == "base64":
            yield base64.b64decode(value["text"]).decode("latin-1")
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def test_the_leaks_are_there_to_be_told(leaky: Judged) -> None:
    """Else the next test would prove nothing."""
    [check] = [check for check in leaky.result.checks if check.name == "values_stay_secret"]
    assert check.verdict is Verdict.BROKEN
    told = [e.reply.body for c in check.complaints for e in c.evidence]
    values = [value.encode() for value in leaky.kit.vault.names]
    assert any(value in body for value in values for body in told)


@pytest.mark.parametrize("kind", ["terminal", "json", "junit", "html", "har"])
def test_no_report_holds_a_value_or_most_of_one(leaky: Judged, kind: str) -> None:
    text = outputs(leaky)[kind]
    texts = [text, *(strings(json.loads(text)) if kind in {"json", "har"} else ())]
    everything = "\n".join([*texts, *(re.sub(r"\\u([0-9a-f]{4})", _character, t) for t in texts)])
    for value in leaky.kit.vault.names:
        assert value[:ENOUGH_TO_MATTER] not in everything


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


@pytest.mark.parametrize("kind", ["terminal", "json", "junit", "html"])
def test_each_broken_sentence_is_told_with_its_complaint_and_its_command(
    leaky: Judged, kind: str
) -> None:
    text = _plain(kind, outputs(leaky)[kind])
    broken = leaky.report.of(Verdict.BROKEN)
    assert len(broken) > 3
    for check in broken:
        complaint = check.complaints[0]
        wanted = [check.name, check.sentence, complaint.text, complaint.evidence[0].command]
        for each in wanted:
            assert _without_blanks(each) in text


def _plain(kind: str, text: str) -> str:
    if kind == "json":
        text = " ".join(strings(json.loads(text)))
    elif kind == "junit":
        root = parsed(text)
        attributes = (value for each in root.iter() for value in each.attrib.values())
        text = " ".join([*root.itertext(), *attributes])
    elif kind == "html":
        text = Page.of(text).text
    return _without_blanks(re.sub(r"\x1b\[\d+m", "", text))


def _without_blanks(text: str) -> str:
    return "".join(text.split())


def test_nothing_that_a_terminal_obeys_gets_to_it(leaky: Judged) -> None:
    text = re.sub(r"\x1b\[\d+m", "", outputs(leaky)["terminal"])
    assert all(character.isprintable() or character == "\n" for character in text)


# --- html ------------------------------------------------------------------------------------


class Page(HTMLParser):
    """An HTML file, as far as a test looks into it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    @classmethod
    def of(cls, text: str) -> "Page":
        page = cls()
        page.feed(text)
        return page

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("run", ["leaky", "conforming"])
def test_the_page_needs_no_other_file(run: str, request: pytest.FixtureRequest) -> None:
    text = outputs(request.getfixturevalue(run))["html"]
    page = Page.of(text)
    references = {
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "action", "data", "poster"}
    }
    assert references
    assert all(str(each).startswith("#") for each in references)
    assert not re.search(r"@import|url\(", text)
    assert [tag for tag, _ in page.tags].count("script") == 1  # ours, and none out of a reply


def test_each_link_of_the_page_leads_somewhere(leaky: Judged) -> None:
    tags = Page.of(outputs(leaky)["html"]).tags
    links = {str(attributes["href"])[1:] for _, attributes in tags if "href" in attributes}
    assert links <= {attributes["id"] for _, attributes in tags if "id" in attributes}


def test_each_cell_of_the_matrix_is_on_the_page_and_each_reason_can_be_read(
    conforming: Judged,
) -> None:
    cells = conforming.report.cells
    page = Page.of(outputs(conforming)["html"])
    classes = [attributes.get("class") for tag, attributes in page.tags if tag == "td"]
    for coverage, name in (
        (Coverage.EXERCISED, "exercised"),
        (Coverage.UNREACHABLE, "unreachable"),
        (Coverage.MISSED, "missed"),
    ):
        assert classes.count(name) == conforming.report.count(coverage) > 0
    for reason in {cell.reason for cell in cells if cell.reason}:
        assert reason in page.text


# --- junit, json, har ------------------------------------------------------------------------


def test_junit_has_a_case_for_each_check(leaky: Judged) -> None:
    root = parsed(outputs(leaky)["junit"])
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert set(cases) == {check.name for check in leaky.report.checks}
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {check.name for check in leaky.report.of(Verdict.BROKEN)}
    [suite] = root.iter("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), str(len(failed)))


def test_junit_tells_what_was_not_checked_and_doubts_as_errors(conforming: Judged) -> None:
    first, *others = conforming.report.checks
    unknown = replace(first, verdict=Verdict.NOT_CHECKED, reason="no time")
    report = replace(conforming.report, checks=(unknown, *others), doubts=("it proves nothing",))
    root = parsed(junit.rendered(report))
    assert [each.get("message") for each in root.iter("skipped")] == ["no time"]
    assert [each.get("message") for each in root.iter("error")] == [
        "could not judge: it proves nothing"
    ]


def test_json_says_what_the_run_was_and_counts_what_it_lists(leaky: Judged) -> None:
    told = json.loads(outputs(leaky)["json"])
    verdicts = [check["verdict"] for check in told["checks"]]
    assert told["counts"] == {
        "kept": verdicts.count("kept"),
        "broken": verdicts.count("broken"),
        "notChecked": verdicts.count("not checked"),
    }
    coverage = [cell["coverage"] for cell in told["coverage"]["cells"]]
    assert told["coverage"]["counts"]["exercised"] == coverage.count("exercised")
    assert (told["verdict"], told["exitCode"]) == ("violations", 1)


REQUIRED_BY_HAR = {
    (): {"version", "creator", "entries"},
    ("request",): {
        *("method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize"),
        "bodySize",
    },
    ("response",): {
        *("status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"),
        *("headersSize", "bodySize"),
    },
    ("response", "content"): {"size", "mimeType"},
    ("timings",): {"send", "wait", "receive"},
}


def test_har_has_every_exchange_with_all_that_the_format_requires(conforming: Judged) -> None:
    log = json.loads(outputs(conforming)["har"])["log"]
    assert log.keys() >= REQUIRED_BY_HAR[()]
    assert log["version"] == "1.2"
    assert len(log["entries"]) == conforming.report.exchanges
    for entry in log["entries"]:
        assert entry.keys() >= {"startedDateTime", "time", "request", "response", "cache"}
        for path, members in list(REQUIRED_BY_HAR.items())[1:]:
            node = entry
            for step in path:
                node = node[step]
            assert node.keys() >= members
    starts = [entry["startedDateTime"] for entry in log["entries"]]
    assert starts == sorted(starts)
    assert sum(entry["time"] for entry in log["entries"]) > 0
