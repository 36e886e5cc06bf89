"""What the contract says of every reply, whatever was asked: one function for each sentence."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keyfob_contract.expectation import Expectation
from keyfob_contract.spec import Contract, ReplyRule
from keyfob_contract.target import Reply, Request


@dataclass(frozen=True)
class Exchange:
    """A request, what the spec makes of it, and the reply."""

    contract: Contract
    request: Request
    expected: Expectation
    reply: Reply

    @property
    def documented(self) -> ReplyRule | None:
        """The rule for this status of this operation, if the spec has one."""
        operation = self.expected.operation
        return None if operation is None else operation.replies.get(self.reply.status)

    @property
    def is_error(self) -> bool:
        """Whether the reply has to wear the envelope, and has a body to show it with."""
        return self.reply.status >= 400 and self.request.method != "HEAD"


Check = Callable[[Exchange], Iterator[str]]


def complaints(exchange: Exchange) -> list[str]:
    """Answer all that is wrong with a reply."""
    return [f"{check.__name__}: {text}" for check in CHECKS for text in check(exchange)]


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
    """Bodies are JSON, say so, and obey their schemas; where none is documented there is none."""
    rule = exchange.documented
    if rule is None or exchange.request.method == "HEAD":
        return
    if rule.body is None:
        if exchange.reply.body:
            yield f"a body where none is documented: {exchange.reply.body[:200]!r}"
        return
    yield from _json_complaints(exchange.reply)
    try:
        body = exchange.reply.json
    except ValueError:
        return
    for error in rule.body.iter_errors(body):
        yield f"at /{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"


def head_has_no_body(exchange: Exchange) -> Iterator[str]:
    """HEAD answers as GET does, without a body."""
    if exchange.request.method == "HEAD" and exchange.reply.body:
        yield "a reply to HEAD has a body"


def errors_wear_the_envelope(exchange: Exchange) -> Iterator[str]:
    """Every status of 400 and above has exactly the one shape, in spec or out of it."""
    if not exchange.is_error:
        return
    yield from _json_complaints(exchange.reply)
    try:
        body = exchange.reply.json
    except ValueError:
        yield f"not JSON: {exchange.reply.body[:200]!r}"
        return
    for error in exchange.contract.envelope.iter_errors(body):
        yield f"at /{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"


def code_fits_the_status(exchange: Exchange) -> Iterator[str]:
    """Each code comes with the one status that the spec gives it."""
    code = error_of(exchange.reply).get("code")
    statuses = exchange.contract.status_of_code
    if isinstance(code, str) and statuses.get(code) != exchange.reply.status:
        yield f"{code} came with {exchange.reply.status}"


def request_id_is_the_header(exchange: Exchange) -> Iterator[str]:
    """X-Request-Id comes once, and an error's requestId is the same."""
    ids = [value for name, value in exchange.reply.headers if name == "x-request-id"]
    if len(ids) != 1 or not ids[0]:
        yield f"X-Request-Id came {len(ids)} times"
    elif exchange.is_error and error_of(exchange.reply).get("requestId") != ids[0]:
        yield "requestId is not what X-Request-Id says"


def nothing_is_stored(exchange: Exchange) -> Iterator[str]:
    """Every reply carries Cache-Control: no-store."""
    if exchange.reply.header("cache-control") != "no-store":
        yield f"Cache-Control is {exchange.reply.header('cache-control')}"


def unauthorized_says_how(exchange: Exchange) -> Iterator[str]:
    """Every 401 carries WWW-Authenticate."""
    if exchange.reply.status == 401 and not exchange.reply.header("www-authenticate"):
        yield "a 401 without WWW-Authenticate"


def allow_names_the_methods(exchange: Exchange) -> Iterator[str]:
    """405 carries Allow, with all methods of the path, HEAD among them."""
    if exchange.reply.status != 405:
        return
    allow = exchange.reply.header("allow") or ""
    named = frozenset(method.strip() for method in allow.split(",") if method.strip())
    if named != exchange.expected.allow:
        yield f"Allow is {allow!r}, the spec has {sorted(exchange.expected.allow)}"


def refusals_before_the_key(exchange: Exchange) -> Iterator[str]:
    """Malformed target, unknown path, wrong method and size are refused whoever asks."""
    fate = exchange.expected.fate
    if not fate.reaches_authentication and exchange.reply.status not in fate.statuses:
        yield f"{fate.value}: {exchange.reply.status}, not {set(fate.statuses)}"


def error_of(reply: Reply) -> dict[str, object]:
    """Answer the inside of the envelope; empty if the reply wears none."""
    try:
        error = reply.json["error"]
    except (ValueError, LookupError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _json_complaints(reply: Reply) -> Iterator[str]:
    if reply.header("content-type") != "application/json":
        yield f"Content-Type is {reply.header('content-type')}"


CHECKS: tuple[Check, ...] = (
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
