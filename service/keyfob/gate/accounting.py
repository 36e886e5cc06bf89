"""What is remembered of a case once it is answered: log line, use of keys, and metrics."""

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

import structlog

from keyfob.domain.secret_value import masked
from keyfob.errors import RateLimited, ScopeInsufficient, SiteForbidden
from keyfob.gate.envelope import REFUSALS
from keyfob.gate.judge import OK, Case
from keyfob.gate.text import legible
from keyfob.gate.trace_context import trace_context_of
from keyfob.metrics import Meters
from keyfob.reply import Judged
from keyfob.schemas.gatekeeping import VALID
from keyfob.usage import UsageRecord

LONGEST_TEXT = 200
STATUS_OF_CODE = {OK: 200} | {word.code: told.status for word, told in REFUSALS.items()}

PAST_AUTHENTICATION = frozenset({OK, RateLimited.code, ScopeInsufficient.code, SiteForbidden.code})

log = structlog.get_logger("keyfob.request")


def usage_of(case: Case, status: int, at: int, seconds: float) -> Iterable[UsageRecord]:
    """Answer the use of the key that was sent, and of the one that was judged on its behalf.

    Who asks for the health of the process uses no key; nor does who looks at a page, of which only
    errors are traced.
    """
    operation = case.operation
    if case.is_page and status < HTTPStatus.BAD_REQUEST:
        return
    if operation is not None and not operation.needs_key:
        return
    credential = case.credential
    own = UsageRecord(
        request_id=case.request.id,
        at=at,
        method=case.request.method,
        path=path_of(case),
        operation="" if operation is None else operation.id,
        scope=case.arguments.get("scope") or "",
        status=status,
        code=case.code,
        duration_us=round(seconds * 1_000_000),
        client=case.request.client,
        user_agent=_user_agent(case),
        organization_id=None if credential is None else credential.organization_id,
        key_id=None if credential is None else credential.key_id,
        secret_version=None if credential is None else credential.secret_version,
        judged=False,
        charged=case.charge is not None,
    )
    yield own
    if case.reply is not None and case.reply.judged is not None:
        yield _judged(own, case.reply.judged)


def write_log_line(case: Case, status: int, seconds: float) -> None:
    """Log a request: never a value, never a body, never a query string."""
    request, operation, credential = case.request, case.operation, case.credential
    trace = trace_context_of(request)
    log.info(
        "request",
        request_id=request.id,
        method=request.method,
        path=path_of(case),
        operation=None if operation is None else operation.id,
        status=status,
        code=case.code,
        duration_ms=round(seconds * 1000, 3),
        organization_id=None if credential is None else credential.organization_id,
        key_id=None if credential is None else credential.key_id,
        client=request.client,
        **({} if trace is None else trace._asdict()),
    )


def measure(meters: Meters, case: Case, status: int, seconds: float) -> None:
    """Count a request, and the verdict on a key if it asked for one and got it."""
    operation = "" if case.operation is None else case.operation.id
    meters.answered(operation, status, case.code, seconds)
    if operation == "authorize":
        meters.judged(operation, case.code)
    elif operation == "verifyApiKey" and case.reply is not None and case.reply.body is not None:
        verdict = case.reply.body["code"]
        meters.judged(operation, OK if verdict == VALID else verdict)


def path_of(case: Case) -> str:
    """Answer the path as the spec writes it, or what was sent, without values, if it knows none."""
    if case.path is not None:
        return case.path
    # Decoded first, cut last: percent-encoding or a cut would hide a value from the mask.
    return masked(legible(unquote_to_bytes(case.request.raw_path)))[:LONGEST_TEXT]


def _judged(own: UsageRecord, judged: Judged) -> UsageRecord:
    """Answer the use of the judged key: as if it had come itself, with the same request."""
    return own._replace(
        scope=judged.scope or "",
        status=STATUS_OF_CODE[judged.code],
        code=judged.code,
        organization_id=judged.organization_id,
        key_id=judged.key_id,
        secret_version=judged.secret_version,
        judged=True,
        charged=judged.code in PAST_AUTHENTICATION,
    )


def _user_agent(case: Case) -> str:
    agents = [value for name, value in case.request.headers if name == b"user-agent"]
    return masked(legible(agents[0]))[:LONGEST_TEXT] if agents else ""
