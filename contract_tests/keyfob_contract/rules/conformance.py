"""What the contract says of every reply, whatever was asked: one function for each sentence."""

import re
from collections.abc import Callable, Iterator

from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.spec import Contract, is_json
from keyfob_contract.wire.message import Reply

Rule = Callable[[Exchange], Iterator[str]]

_INSIDE = re.compile(
    rb"Traceback|\.py\b|\.java:|, line \d|\bat 0x[0-9a-f]{6}|\bSELECT .+ FROM\b|sqlite3?\."
)
"""Traces of languages, frameworks and stores, which no message for people has."""


def never_a_fault_of_the_server(exchange: Exchange) -> Iterator[str]:
    """No request makes the server fail."""
    if exchange.reply.status >= 500:
        yield f"status {exchange.reply.status}"


def status_is_documented(exchange: Exchange) -> Iterator[str]:
    """Whoever reaches an operation gets a status that the spec lists for it."""
    if exchange.expected.operation is not None and exchange.documented is None:
        yield f"{exchange.reply.status} is not documented for {exchange.expected.operation.id}"


def headers_are_as_documented(exchange: Exchange) -> Iterator[str]:
    """Required headers are there, and all documented ones obey their schemas."""
    rules = exchange.documented.headers if exchange.documented else {}
    for name, rule in rules.items():
        text = exchange.reply.header(name)
        if text is None and rule.required:
            yield f"{name} is missing"
        elif text is not None and (complaint := rule.complaint(text)):
            yield f"{name} {complaint}: {text}"


def body_is_as_documented(exchange: Exchange) -> Iterator[str]:
    """Bodies have a documented media type and obey their schema; where none is documented, none."""
    rule = exchange.documented
    if rule is None or exchange.request.method == "HEAD":
        return
    if not rule.media_types:
        if exchange.reply.body:
            yield f"a body where none is documented: {exchange.reply.body[:200]!r}"
        return
    media_type = _media_type(exchange.reply)
    if media_type not in rule.media_types:
        yield f"Content-Type is {media_type}, not {' or '.join(sorted(rule.media_types))}"
    if rule.body is None or not is_json(media_type):
        return
    try:
        body = exchange.reply.json
    except ValueError:
        yield f"not JSON: {exchange.reply.body[:200]!r}"
        return
    for error in rule.body.iter_errors(body):
        yield f"at /{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"


def head_has_no_body(exchange: Exchange) -> Iterator[str]:
    """HEAD answers as GET does, without a body."""
    if exchange.request.method == "HEAD" and exchange.reply.body:
        yield "a reply to HEAD has a body"


def errors_wear_the_envelope(exchange: Exchange) -> Iterator[str]:
    """Every status of 400 and above has exactly the one shape, in spec or out of it."""
    envelope, errors = exchange.contract.envelope, exchange.contract.profile.errors
    if not exchange.is_error or envelope is None:
        return
    if _media_type(exchange.reply) != errors.media_type:
        yield f"Content-Type is {_media_type(exchange.reply)}, not {errors.media_type}"
    try:
        body = exchange.reply.json
    except ValueError:
        yield f"not JSON: {exchange.reply.body[:200]!r}"
        return
    for error in envelope.iter_errors(body):
        yield f"at /{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
    if _INSIDE.search(exchange.reply.body):
        yield "the error shows something of the inside"


def code_fits_the_status(exchange: Exchange) -> Iterator[str]:
    """Each code comes with the one status that the spec gives it."""
    code, statuses = exchange.code, exchange.contract.status_of_code
    if code is not None and statuses and statuses.get(code) != exchange.reply.status:
        yield f"{code} came with {exchange.reply.status}"


def request_id_is_the_header(exchange: Exchange) -> Iterator[str]:
    """Every reply names its request in one header, and an error repeats that id."""
    profile = exchange.contract.profile
    name = profile.request_id.header
    if name is None:
        return
    ids = [value for header, value in exchange.reply.headers if header == name.lower()]
    if len(ids) != 1 or not ids[0]:
        yield f"{name} came {len(ids)} times"
    elif exchange.is_error and profile.errors.request_id:
        told = exchange.error_member(profile.errors.request_id)
        if told != ids[0]:
            yield f"the error names request {told}, {name} says {ids[0]}"


def nothing_is_stored(exchange: Exchange) -> Iterator[str]:
    """Every reply carries Cache-Control: no-store."""
    if not exchange.contract.profile.strictness.no_store:
        return
    if exchange.reply.header("cache-control") != "no-store":
        yield f"Cache-Control is {exchange.reply.header('cache-control')}"


def unauthorized_says_how(exchange: Exchange) -> Iterator[str]:
    """Every 401 carries WWW-Authenticate."""
    if not exchange.contract.profile.credentials.challenge:
        return
    if exchange.reply.status == 401 and not exchange.reply.header("www-authenticate"):
        yield "a 401 without WWW-Authenticate"


def allow_names_the_methods(exchange: Exchange) -> Iterator[str]:
    """405 carries Allow, with all methods of the path."""
    expected = exchange.expected.allow
    if exchange.reply.status != 405 or not expected:
        return
    allow = exchange.reply.header("allow") or ""
    named = frozenset(method.strip() for method in allow.split(",") if method.strip())
    is_whole_truth = exchange.contract.profile.strictness.early_refusals
    if named != expected if is_whole_truth else not expected - {"HEAD"} <= named:
        yield f"Allow is {allow!r}, the spec has {', '.join(sorted(expected))}"


def refusals_before_the_key(exchange: Exchange) -> Iterator[str]:
    """Malformed target, unknown path, wrong method and size are refused whoever asks."""
    fate = exchange.expected.fate
    if fate.reaches_authentication or not exchange.contract.profile.strictness.early_refusals:
        return
    if exchange.reply.status not in fate.statuses:
        yield f"{fate.value}: {exchange.reply.status}, not {', '.join(map(str, fate.statuses))}"


def _media_type(reply: Reply) -> str:
    return (reply.header("content-type") or "none").partition(";")[0].strip().lower()


RULES: tuple[Rule, ...] = (
    never_a_fault_of_the_server,
    status_is_documented,
    headers_are_as_documented,
    body_is_as_documented,
    head_has_no_body,
    errors_wear_the_envelope,
    code_fits_the_status,
    request_id_is_the_header,
    nothing_is_stored,
    unauthorized_says_how,
    allow_names_the_methods,
    refusals_before_the_key,
)


def unpromised(rule_name: str, contract: Contract) -> str:
    """Say why a rule has nothing to look at: the profile does not promise it. Empty if it does."""
    profile = contract.profile
    missing = {
        "errors_wear_the_envelope": (contract.envelope, "names no schema of errors"),
        "code_fits_the_status": (
            profile.errors.code and contract.status_of_code,
            "or the file does not say which status each code comes with",
        ),
        "request_id_is_the_header": (profile.request_id.header, "names no header with an id"),
        "request_ids_are_unique": (profile.request_id.header, "names no header with an id"),
        "nothing_is_stored": (profile.strictness.no_store, "does not promise no-store"),
        "unauthorized_says_how": (profile.credentials.challenge, "does not promise a challenge"),
        "refusals_before_the_key": (
            profile.strictness.early_refusals,
            "promises no early refusals",
        ),
        "values_stay_secret": (profile.keys.mint, "names no operation that makes keys"),
    }
    promised, reason = missing.get(rule_name, (True, ""))
    return "" if promised else f"the profile {reason}"
