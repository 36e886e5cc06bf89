"""Bytes in, bytes out: the outermost layer, which every request passes and every reply leaves."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import flask
from connexion.middleware.abstract import SpecMiddleware
from connexion.spec import Specification
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keyfob.domain.identifiers import new_id
from keyfob.domain.keyfob import Keyfob
from keyfob.gate.accounting import measure, usage_of, write_log_line
from keyfob.gate.answer import Answer
from keyfob.gate.body import ClientGone, read_body
from keyfob.gate.client_address import came_over_tls, client_address
from keyfob.gate.flask_views import FlaskDispatch, serve_spec_operations
from keyfob.gate.judge import Case, Judge
from keyfob.gate.lanes import DIRECT, INSTANT, Lanes
from keyfob.gate.operation import compile_operations
from keyfob.gate.pages import Pages
from keyfob.gate.published import PublishedSpec
from keyfob.gate.request import Request
from keyfob.gate.routing import Routes
from keyfob.metrics import Meters
from keyfob.model import RateLimit

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class GateOptions:
    """How the gate works.

    Attributes:
        trusted_proxies: how many of them stand in front of this server.
        guess_limit: how often one address may send values that nobody holds.
    """

    max_body_bytes: int
    trusted_proxies: int
    guess_limit: RateLimit


class Gate(SpecMiddleware):
    """The one layer in front of the handlers, made at start from the spec as Connexion parsed it.

    Connexion's own layers for routing, security and validation are not in the stack: each works out
    anew for every request what this one knows from the start, and between them errors escape the
    envelope.
    """

    def __init__(  # noqa: PLR0913  everything comes together here
        self,
        app: ASGIApp,
        *,
        keyfob: Keyfob,
        flask_app: flask.Flask,
        lanes: Lanes,
        options: GateOptions,
        meters: Meters | None,
        pages: Pages,
        published: PublishedSpec,
    ) -> None:
        self._app = app
        self._keyfob = keyfob
        self._flask_app = flask_app
        self._lanes = lanes
        self._options = options
        self._meters = meters
        self._pages = pages
        self._published = published
        self.routes = Routes(())
        self._judge = self._judge_of(self.routes)

    def add_api(self, specification: Specification, **kwargs: Any) -> None:
        """Compile the operations of the spec; Connexion calls this when it builds its stack."""
        operations = compile_operations(specification, kwargs["resolver"], self._keyfob.clock)
        serve_spec_operations(self._flask_app)
        self.routes = Routes(operations)
        self._judge = self._judge_of(self.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; anything but HTTP (the lifespan) is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        try:
            case = Case(await self._request(scope, receive))
        except ClientGone:
            return
        answer = await self._answer(case)
        seconds = time.perf_counter() - started
        for used in usage_of(case, answer.status, self._keyfob.clock(), seconds):
            self._keyfob.usage.record(used)
        if self._meters is not None:
            measure(self._meters, case, answer.status, seconds)
        for message in messages_of(case, answer):
            await send(message)
        write_log_line(case, answer.status, seconds)

    async def _request(self, scope: Scope, receive: Receive) -> Request:
        headers = scope["headers"]
        body, body_too_long = await read_body(receive, headers, self._options.max_body_bytes)
        peer = (scope.get("client") or ("",))[0]
        trusted_proxies = self._options.trusted_proxies
        return Request(
            id=new_id("req", self._keyfob.request_rng),
            method=scope["method"],
            raw_path=scope["raw_path"],
            query=scope["query_string"],
            headers=headers,
            body=body,
            body_too_long=body_too_long,
            client=client_address(peer, headers, trusted_proxies),
            is_tls=came_over_tls(scope["scheme"], headers, trusted_proxies),
        )

    async def _answer(self, case: Case) -> Answer:
        if self._pages.hold(case.request):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._lanes.pages, self._pages.answer, case)
        if self._published.hold(case.request):
            return self._published.answer(case)
        refused = self._judge.admit(case)
        if refused is None:
            return await self._in_lane(case, self._judge.answer)
        await self._in_lane(case, self._judge.attribute)
        return refused

    async def _in_lane(self, case: Case, work: Callable[[Case], Outcome]) -> Outcome:
        executor = self._lanes.executor(case.operation.id if case.operation else "")
        if executor is None:
            return work(case)
        return await asyncio.get_running_loop().run_in_executor(executor, work, case)

    def _judge_of(self, routes: Routes) -> Judge:
        return Judge(
            self._keyfob,
            routes,
            dispatch=FlaskDispatch(self._flask_app),
            direct=INSTANT | DIRECT,
            guess_limit=self._options.guess_limit,
        )


def messages_of(case: Case, answer: Answer) -> tuple[Message, Message]:
    """Answer what is sent: the head, with what every reply carries, and the body."""
    request, charge = case.request, case.charge
    headers = [*answer.headers, ("X-Request-Id", request.id)]
    if not answer.may_be_kept:
        headers.append(("Cache-Control", "no-store"))
    if charge is not None:
        headers += (
            ("RateLimit-Policy", charge.policy_header),
            ("RateLimit", charge.state_header),
        )
    if answer.status != HTTPStatus.NO_CONTENT:
        headers.append(("Content-Length", str(len(answer.body))))
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    body = b"" if request.method == "HEAD" else answer.body
    return (
        {"type": "http.response.start", "status": answer.status, "headers": encoded},
        {"type": "http.response.body", "body": body},
    )
