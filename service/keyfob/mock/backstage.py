"""Requests to the mock itself: its operations under /_mock, and its page."""

import asyncio
import random
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

import yaml
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.types import Receive, Scope, Send

from keyfob.domain.identifiers import new_id
from keyfob.gate.accounting import write_log_line
from keyfob.gate.answer import Answer, answer_of
from keyfob.gate.asgi import messages_of
from keyfob.gate.body import ClientGone
from keyfob.gate.envelope import refuse
from keyfob.gate.judge import Case, Judge
from keyfob.gate.operation import Handler, compile_operations, snake_case
from keyfob.gate.refusals import MethodNotAllowed
from keyfob.gate.request import Request
from keyfob.gate.routing import Routes
from keyfob.mock.controls import Controls
from keyfob.mock.page import StartPage
from keyfob.mock.request import whole_request
from keyfob.mock.stage import Stage
from keyfob.mock.turnstile import Turnstile
from keyfob.model import DEFAULT_RATE_LIMIT

SPEC = Path(__file__).with_name("openapi.yaml")
READ = frozenset({"GET", "HEAD"})


class Backstage:
    """Answers whatever is asked of the mock itself. Strict as the service, by the same code.

    Its request ids are none of the service's: looking on changes nothing of what comes.
    """

    def __init__(
        self,
        stage: Stage,
        controls: Controls,
        page: StartPage,
        *,
        turnstile: Turnstile,
        max_body_bytes: int,
    ) -> None:
        routes = Routes(
            compile_operations(
                Specification.from_dict(yaml.load(SPEC.read_bytes(), yaml.CSafeLoader)),
                Resolver(_handlers_of(controls)),
                stage.clock,
            )
        )
        self._judge = Judge(
            stage.keyfob,
            routes,
            dispatch=_no_dispatch,
            direct=frozenset(operation.id for operation in routes.operations()),
            guess_limit=DEFAULT_RATE_LIMIT,
        )
        self._page = page
        self._turnstile = turnstile
        self._max_body_bytes = max_body_bytes
        self._rng = random.Random()  # noqa: S311  no secret is made of it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request_id = new_id("req", self._rng)
        try:
            request = await whole_request(scope, receive, self._max_body_bytes, request_id)
        except ClientGone:
            return
        case = Case(request)
        answer = await self._answer(case)
        for message in messages_of(case, answer):
            await send(message)
        if request.method not in READ:
            write_log_line(case, answer.status, seconds=0)

    async def _answer(self, case: Case) -> Answer:
        match case.request.raw_path:
            case b"/":
                return _shown(case.request, self._page)
            case b"/_mock/openapi.yaml":
                return _shown(case.request, _own_spec)
            case _:
                return await self._controlled(case)

    async def _controlled(self, case: Case) -> Answer:
        refused = self._judge.admit(case)
        if refused is not None:
            return refused
        if case.admitted.id != "reset":
            return self._judge.answer(case)
        async with self._turnstile.alone():
            return await asyncio.to_thread(self._judge.answer, case)


def _shown(request: Request, content: Callable[[Request], Answer]) -> Answer:
    if request.method in READ:
        return content(request)
    return answer_of(refuse(MethodNotAllowed("GET, HEAD"), request.id))


def _own_spec(_request: Request) -> Answer:
    headers = (("Content-Type", "application/yaml; charset=utf-8"),)
    return Answer(HTTPStatus.OK, headers, SPEC.read_bytes())


def _handlers_of(controls: Controls) -> Callable[[str], Handler]:
    return lambda operation_id: getattr(controls, snake_case(operation_id))


def _no_dispatch(*_args: Any) -> NoReturn:
    raise NotImplementedError  # every operation here is answered directly
