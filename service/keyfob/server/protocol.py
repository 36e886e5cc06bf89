"""uvicorn's HTTP/1.1, whose own refusals wear the envelope and whose patience has bounds."""

import random
from typing import Any

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from keyfob.domain.identifiers import new_id
from keyfob.errors import Problem, ValidationFailed
from keyfob.gate.answer import Answer, answer_of
from keyfob.gate.envelope import refuse
from keyfob.metrics import METERS, Meters

LONGEST_TARGET_BYTES = 8 * 1024
LONGEST_HEAD_BYTES = 32 * 1024

LINGER_SECONDS = 2
"""How long a refused client may go on sending, unheard: closed at once, it would see a reset and
not the reply."""

FAREWELL_SECONDS = 0.5
"""How long a server that stops still listens on an idle connection: a request that is on its way
would be lost, and its sender could not know whether it was carried out."""

_OTHER_VERSION = Problem("", "is neither HTTP/1.1 nor HTTP/1.0")

# What the parser says of the preface of HTTP/2, whole or in part (RFC 9113, section 3.4).
_HTTP_2 = {"Pause on PRI/Upgrade", "Expected HTTP/2 Connection Preface"}

log = structlog.get_logger("keyfob.request")
_system_random = random.SystemRandom()


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class EnvelopeProtocol(HttpToolsProtocol):
    """One connection.

    A request has to be whole within ``timeout_keep_alive`` seconds, the time for which a connection
    may be idle: uvicorn itself would wait for ever for the rest of a head or body.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        self._offers_upgrade = False
        self._refusal: bytes | None = None
        self._says_farewell = False

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._close_after(self.timeout_keep_alive)

    def data_received(self, data: bytes) -> None:
        """Parse, and refuse what is not HTTP or too much of it."""
        if self._refusal is not None:
            return
        self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._parse_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(_problem_of(error))
        else:
            if self._in_head and self._head_bytes > LONGEST_HEAD_BYTES:
                self._refuse(self._too_long())

    def on_message_begin(self) -> None:
        """Begin with a head. Of the bytes that came with its first, only later ones are counted."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._offers_upgrade = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is none (RFC 9110, section 6.5.1), so no key can come in one.

        Spaces and tabs around a value are no part of it (section 5.5); the parser leaves those
        behind it.
        """
        if self._in_head:
            super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        """Let the application begin."""
        self._in_head = False
        length = sum(len(name) + len(value) for name, value in self.headers)
        if length > LONGEST_HEAD_BYTES or len(self.url) > LONGEST_TARGET_BYTES:
            raise _Refused(self._too_long())
        self._demand_plain_http()
        self._offers_upgrade = self.parser.should_upgrade()
        if self._offers_upgrade:
            return
        super().on_headers_complete()
        if self._says_farewell:
            self.cycle.keep_alive = False
            self._close_after(self.timeout_keep_alive)

    def shutdown(self) -> None:
        """Answer the request at work, or one that is on its way, and hang up."""
        is_idle = not self.cycle or self.cycle.response_complete
        if is_idle and self._refusal is None:
            self._says_farewell = True
            self._close_after(FAREWELL_SECONDS)
        else:
            super().shutdown()

    def on_message_complete(self) -> None:
        """Stop waiting for the request."""
        if self._offers_upgrade:
            return
        if not self.cycle.response_complete:
            self._unset_keepalive_if_required()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request, or to the refusal that waited for this reply."""
        if self._refusal is None or self.pipeline:
            super().on_response_complete()
        else:
            self._send_refusal()

    def _demand_plain_http(self) -> None:
        """Refuse what the parser lets through, and proxies in front may read in another way."""
        if self.parser.get_method() == b"CONNECT":
            raise _Refused(Problem("/path", "is no target for CONNECT: this is no proxy"))
        if b"#" in self.url:
            raise _Refused(Problem("/path", "has a fragment, which is never sent (RFC 9110, 7.1)"))
        version = self.parser.get_http_version()
        if version not in {"1.0", "1.1"}:
            raise _Refused(_OTHER_VERSION)
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (version == "1.1" and not hosts):
            raise _Refused(Problem("", "must have exactly one Host header (RFC 9112, 3.2)"))
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        if codings and (version == "1.0" or [c.lower() for c in codings] != [b"chunked"]):
            raise _Refused(Problem("", "may be transferred in chunks, and coded in no other way"))

    def _parse_without_upgrade(self, rest: bytes) -> None:
        # The parser takes what follows an offered upgrade for the other protocol, the request's own
        # body included. None is ever accepted: the request is read again without the offer.
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def _too_long(self) -> Problem:
        if len(self.url) > LONGEST_TARGET_BYTES:
            return Problem("/path", f"is longer than {LONGEST_TARGET_BYTES} bytes, query included")
        return Problem("", f"has headers of more than {LONGEST_HEAD_BYTES} bytes")

    def _refuse(self, problem: Problem) -> None:
        request_id = new_id("req", _system_random)
        answer = answer_of(refuse(ValidationFailed(problem), request_id))
        self._refusal = self._response(answer, request_id)
        _write_log_line(request_id, answer, problem, self.client[0] if self.client else "")
        meters: Meters | None = self.app_state.get(METERS)
        if meters is not None:
            meters.refused(answer.status, ValidationFailed.code)
        cycle = self.cycle
        answering = bool(cycle) and not cycle.response_complete
        if answering and cycle.more_body:  # it is this request's body that is malformed
            if self.pipeline:
                self.pipeline.popleft()  # it has not begun, and others go first
            else:
                answering = False  # the application waits in vain, until the connection ends
        if not answering:
            self._send_refusal()

    def _response(self, answer: Answer, request_id: str) -> bytes:
        headers = [
            *self.server_state.default_headers,
            *((name.lower().encode(), value.encode()) for name, value in answer.headers),
            (b"content-length", b"%d" % len(answer.body)),
            (b"cache-control", b"no-store"),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        lines = (b"%b: %b\r\n" % header for header in headers)
        body = b"" if self._method() == b"HEAD" else answer.body
        return b"".join([STATUS_LINE[answer.status], *lines, b"\r\n", body])

    def _method(self) -> bytes:
        """Answer the method; what the parser says before it has read one is no matter."""
        return self.parser.get_method()

    def _send_refusal(self) -> None:
        if self._refusal is None or self.transport.is_closing():
            return
        self.transport.write(self._refusal)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._close_after(LINGER_SECONDS)

    def _close_after(self, seconds: float) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )


def _problem_of(error: httptools.HttpParserError) -> Problem:
    cause = error.__context__
    if isinstance(cause, _Refused):
        return cause.problem
    text = str(error)
    if text in _HTTP_2:
        return _OTHER_VERSION
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return Problem("", "does not begin with a method of HTTP")
    at_target = (httptools.HttpParserInvalidURLError, httptools.HttpParserCallbackError)
    if isinstance(error, at_target) or text.startswith("Expected HTTP/"):
        return Problem("/path", "is no request target: percent-encode spaces and all beyond ASCII")
    return Problem("", f"is not valid HTTP: {text}")  # of the parser's own words only


def _write_log_line(request_id: str, answer: Answer, problem: Problem, client: str) -> None:
    log.info(
        "request",
        request_id=request_id,
        status=answer.status,
        code=ValidationFailed.code,
        problem=problem.message,
        client=client,
    )
