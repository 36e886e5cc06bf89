"""Every exchange of a run in the format of browsers' recordings, HAR 1.2.

http://www.softwareishard.com/blog/har-12-spec
"""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from keyfob_contract.report.findings import Report
from keyfob_contract.report.masking import Mask
from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.wire.message import Reply, Request

UNKNOWN_SIZE = -1
MOST_OF_A_BODY = 10_000


def rendered(report: Report, recorded: Sequence[Exchange], mask: Mask) -> str:
    """Answer the JSON text, with names in the places of key values."""
    base = report.url or "http://this-process"
    kept = "" if len(recorded) == report.exchanges else f"the first {len(recorded)} of "
    log = {
        "version": "1.2",
        "creator": {"name": "keyfob contract", "version": report.version},
        "comment": f"{kept}{report.exchanges} exchanges, and of each body the first"
        f" {MOST_OF_A_BODY} characters, with names in the places of key values",
        "entries": [_entry(base, exchange, mask) for exchange in recorded],
    }
    return json.dumps({"log": log}) + "\n"


def _entry(base: str, exchange: Exchange, mask: Mask) -> dict[str, Any]:
    milliseconds = exchange.seconds * 1000
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.sent_at, UTC).isoformat(),
        "time": milliseconds,
        "request": _request(base, exchange.request, mask),
        "response": _response(exchange.reply, mask),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": f"{exchange.operation_id or 'no operation'}, credential {exchange.credential}",
    }


def _request(base: str, request: Request, mask: Mask) -> dict[str, Any]:
    query = parse_qsl(request.query, keep_blank_values=True, errors="replace")
    told: dict[str, Any] = {
        "method": request.method,
        "url": base + mask.hide(request.target),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request.headers, mask),
        "queryString": [
            {"name": mask.hide(name), "value": mask.hide(value)} for name, value in query
        ],
        "headersSize": UNKNOWN_SIZE,
        "bodySize": len(request.body),
    }
    if request.body:
        media_type = next(iter(request.header_values("content-type")), "")
        text = mask.hide_in_body(request.body)[:MOST_OF_A_BODY]
        told["postData"] = {"mimeType": mask.hide(media_type), "params": [], "text": text}
    return told


def _response(reply: Reply, mask: Mask) -> dict[str, Any]:
    return {
        "status": reply.status,
        "statusText": _phrase(reply.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(reply.headers, mask),
        "content": _content(reply, mask),
        "redirectURL": mask.hide(reply.header("location") or ""),
        "headersSize": UNKNOWN_SIZE,
        "bodySize": len(reply.body),
    }


def _content(reply: Reply, mask: Mask) -> dict[str, Any]:
    text = mask.hide_in_body(reply.body)[:MOST_OF_A_BODY]
    content: dict[str, Any] = {
        "size": len(reply.body),
        "mimeType": mask.hide(reply.header("content-type") or ""),
        "text": text,
    }
    if not _is_utf8(reply.body):
        encoded = base64.b64encode(text.encode("latin-1", "replace"))
        content |= {"text": encoded.decode(), "encoding": "base64"}
    return content


def _headers(headers: Sequence[tuple[str, str]], mask: Mask) -> list[dict[str, str]]:
    return [{"name": mask.hide(name), "value": mask.hide(value)} for name, value in headers]


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
