"""What people see at /: keys, lines to paste, the grade and the journal, made anew each time."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from keyfob.gate.answer import Answer
from keyfob.gate.request import Request
from keyfob.grading.entry import Entry, Outcome
from keyfob.mock.examiner import Examiner
from keyfob.mock.journal import Journal
from keyfob.mock.judging import judged
from keyfob.mock.stage import Stage
from keyfob.reply import Json
from keyfob.timestamps import format_timestamp

MOST_ENTRIES = 50
RESULTS = {
    "underWay": "Under way",
    "passed": "Passed",
    "failed": "Failed",
    "rehearsed": "Rehearsed, not passed",
}
STATES = {
    "toCome": "",
    "current": "← here",
    "passed": "seen, and well done",
    "failed": "not well done, or not seen",
    "skipped": "not for this key",
}

TWICE_BUSY = '{"times": 2, "status": 429, "retryAfter": 2}'
LOST_CREATION = '{"operationId": "createVisitor", "drop": true}'
AN_HOUR = '{"advanceSeconds": 3600}'

_FOLDER = Path(__file__).parent
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry of the journal as people read it."""

    number: int
    time: str
    method: str
    path: str
    query_names: list[str]
    key_in_url: bool
    key: str
    reply: str
    is_good: bool
    scripted: bool
    user_agent: str


class StartPage:
    """A page that is whole by itself: nothing is fetched from anywhere else."""

    def __init__(self, stage: Stage, journal: Journal, examiner: Examiner) -> None:
        self._stage = stage
        self._journal = journal
        self._examiner = examiner
        environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True)
        self._template = environment.get_template("page.html")
        self._style = (_FOLDER / "page.css").read_text(encoding="utf-8")
        self._script = (_FOLDER / "page.js").read_text(encoding="utf-8")
        self._key_names = {key["id"]: key["name"] for key in stage.world.keys}

    def __call__(self, request: Request) -> Answer:
        """Answer the page as it is now."""
        page = self._template.render(
            style=Markup(self._style),  # noqa: S704  our own
            script=Markup(self._script),  # noqa: S704  our own
            now=format_timestamp(self._stage.clock()),
            advanced_seconds=self._stage.clock.advanced_seconds,
            url=_url(request),
            grade=judged(self._examiner, self._journal),
            results=RESULTS,
            states=STATES,
            lines=[*_lines(_url(request), self._stage.world.keys[0]["value"])],
            keys=[key | {"shown_values": _values(key)} for key in self._stage.world.keys],
            entries=[self._shown(entry) for entry in self._journal.latest(MOST_ENTRIES)],
        )
        headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", self._policy()),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
        )
        return Answer(HTTPStatus.OK, headers, page.encode())

    def _policy(self) -> str:
        sources = f"script-src {_source(self._script)}; style-src {_source(self._style)}"
        ours = "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
        return f"default-src 'none'; {sources}; {ours}; frame-ancestors 'none'"

    def _shown(self, entry: Entry) -> ShownEntry:
        key = self._key_names.get(entry.key_id or "", entry.key_id or "")
        return ShownEntry(
            number=entry.number,
            time=format_timestamp(entry.at)[11:23],
            method=entry.method,
            path=entry.path,
            query_names=list(entry.query_names),
            key_in_url=entry.key_in_url,
            key=key or ("unknown" if entry.credential else "none"),
            reply=_reply(entry),
            is_good=entry.status is not None and entry.status < HTTPStatus.BAD_REQUEST,
            scripted=entry.scripted,
            user_agent=entry.user_agent,
        )


def _lines(url: str, value: str) -> Iterator[tuple[str, str]]:
    bearer = f'-H "Authorization: Bearer {value}"'
    json = "-H 'Content-Type: application/json'"
    yield "List visitors.", f"curl {bearer} {url}/v1/visitors"
    yield (
        "See any documented reply, whatever the state of things.",
        f'curl -i {bearer} -H "Prefer: code=429" {url}/v1/visitors',
    )
    failures = f"curl {json} {url}/_mock/failures -d"
    yield "Let the next two requests fail, and all others succeed.", f"{failures} '{TWICE_BUSY}'"
    yield (
        "Lose the reply to the next creation: was the visitor registered or not?",
        f"{failures} '{LOST_CREATION}'",
    )
    yield (
        "Let an hour pass: the key called expiring expires.",
        f"curl {json} {url}/_mock/clock -d '{AN_HOUR}'",
    )
    yield "Begin anew.", f"curl -X POST {url}/_mock/reset"


def _url(request: Request) -> str:
    """Answer the URL under which whoever looks at the page reaches the mock."""
    hosts = request.header_values(b"host")
    host = hosts[0] if hosts and _HOST.fullmatch(hosts[0]) else "127.0.0.1:4010"
    return f"http://{host}"


def _values(key: Json) -> list[str]:
    return [key["value"], *(each["value"] for each in reversed(key.get("replacedValues", [])))]


def _reply(entry: Entry) -> str:
    if entry.outcome is not Outcome.ANSWERED:
        return entry.outcome.value
    code = entry.code if entry.code not in {None, "OK"} else ""
    return f"{entry.status} {code}".strip()


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
