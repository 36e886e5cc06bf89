"""From a request to its entry in the journal: what matters of it, and no value of a key."""

import hmac
import json
import re
from hashlib import sha256
from http import HTTPStatus
from secrets import token_bytes
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from keyfob.domain.secret_value import PREFIX_PATTERN, is_well_formed, masked
from keyfob.errors import CredentialError
from keyfob.gate.credential import credential_of
from keyfob.gate.judge import OK
from keyfob.gate.operation import Operation
from keyfob.gate.request import Request
from keyfob.grading.entry import Entry
from keyfob.mock.canonical import canonical
from keyfob.mock.failures import creates
from keyfob.model import scope_words
from keyfob.store.api_keys import Credential

LONGEST_TEXT = 200
TOLD_HEADERS = (
    "Accept",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "Prefer",
    "User-Agent",
    "X-API-Key",
)
CALLED_LIKE_KEYS = frozenset(
    {"access_token", "api-key", "api_key", "apikey", "auth", "authorization", "key", "token"}
    | {"x-api-key"}
)
PAGING = frozenset({"cursor", "limit"})

_VALUE = re.compile(rf"(?<![0-9A-Za-z]){PREFIX_PATTERN}_[0-9A-Za-z]{{33}}(?![0-9A-Za-z])")
_fingerprint_key = token_bytes(16)


def received(
    request: Request,
    operation: Operation | None,
    credential: Credential | None,
    *,
    number: int,
    at: int,
) -> Entry:
    """Answer the entry of a request that is yet to be answered."""
    query = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    names = [name for name, _ in query]
    cursors = [value for name, value in query if name == "cursor"]
    return Entry(
        number=number,
        at=at,
        method=request.method,
        path=_told(unquote_to_bytes(request.raw_path).decode("utf-8", "replace")),
        operation_id=None if operation is None else operation.id,
        required_scope=_required_scope(operation),
        creates=operation is not None and creates(operation),
        query_names=[_told(name) for name in names],
        headers=_headers(request),
        client=request.client,
        key_in_url=_has_value(request) or not CALLED_LIKE_KEYS.isdisjoint(map(str.lower, names)),
        credential=_credential(request),
        key_id=None if credential is None else credential.key_id,
        secret_version=None if credential is None else credential.secret_version,
        scopes=[] if credential is None else scope_words(credential.scopes),
        body=fingerprint(canonical(request.body)),
        listed=fingerprint(repr(sorted(each for each in query if each[0] not in PAGING)).encode()),
        limit=next((_told(value) for name, value in query if name == "limit"), ""),
        cursor=fingerprint(cursors[0].encode()) if cursors else None,
    )


def note_reply(entry: Entry, status: int, headers: dict[str, str], body: bytes) -> None:
    """Complete an entry by its reply, as far as it tells what became of the request.

    Args:
        headers: by their names in lower case.
    """
    entry.status = status
    entry.request_id = headers.get("x-request-id")
    waiting = headers.get("retry-after", "")
    entry.retry_after = int(waiting) if waiting.isdigit() else None
    told = _members(body)
    if status < HTTPStatus.BAD_REQUEST:
        entry.code = OK
    elif "error" in told:  # not in a reply to HEAD
        entry.code = told["error"]["code"]
    if isinstance(told.get("nextCursor"), str):
        entry.next_cursor = fingerprint(told["nextCursor"].encode())


def fingerprint(text: bytes) -> str:
    """Answer what tells texts apart and does not tell them: keyed, for this process alone."""
    return hmac.digest(_fingerprint_key, text, sha256)[:6].hex()


def _members(body: bytes) -> dict[str, Any]:
    return json.loads(body) if body.startswith(b"{") else {}


def _required_scope(operation: Operation | None) -> str | None:
    words = [] if operation is None else scope_words(operation.required_scope)
    return words[0] if words else None


def _headers(request: Request) -> dict[str, str]:
    told: dict[str, str] = {}
    for name in TOLD_HEADERS:
        values = request.header_values(name.lower().encode())
        if values:
            told[name] = ", ".join(_told(_concealed(name, value)) for value in values)
    return told


def _concealed(name: str, value: str) -> str:
    # What is sent in these places is a secret, whatever it looks like.
    if name == "Authorization":
        scheme, _, rest = value.partition(" ")
        return f"{scheme} ***" if rest else "***"
    return "***" if name == "X-API-Key" else value


def _credential(request: Request) -> str | None:
    try:
        return fingerprint(credential_of(request).encode())
    except CredentialError:
        return None


def _has_value(request: Request) -> bool:
    # A cursor may look like a value to the mask, and has no checksum.
    url = unquote(request.raw_path + b"?" + request.query)
    return any(is_well_formed(each) for each in _VALUE.findall(url))


def _told(text: str) -> str:
    return masked(text)[:LONGEST_TEXT]
