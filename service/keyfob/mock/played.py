"""The API as the mock answers it: by the service, or in its place."""

import asyncio
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keyfob.errors import CredentialError, NotFound, Unavailable, ValidationFailed
from keyfob.gate.body import ClientGone
from keyfob.gate.credential import credential_of
from keyfob.gate.operation import Operation
from keyfob.gate.refusals import MethodNotAllowed
from keyfob.gate.request import Request
from keyfob.gate.routing import Routes
from keyfob.gate.target import path_segments
from keyfob.grading.entry import Entry, Outcome
from keyfob.mock.documented import Documented
from keyfob.mock.examiner import Examiner
from keyfob.mock.failures import Script
from keyfob.mock.journal import Journal
from keyfob.mock.plan import Plan, plan_of
from keyfob.mock.protocol import DROP
from keyfob.mock.reading import note_reply, received
from keyfob.mock.request import whole_request
from keyfob.mock.stage import Stage
from keyfob.mock.substitute import Substitute
from keyfob.mock.turnstile import Turnstile
from keyfob.store.api_keys import Credential


class PlayedApi:
    """Answers requests of the API, and keeps the journal."""

    def __init__(  # noqa: PLR0913  one for each thing that it works with
        self,
        service: ASGIApp,
        routes: Routes,
        stage: Stage,
        *,
        documented: Documented,
        script: Script,
        journal: Journal,
        examiner: Examiner,
        turnstile: Turnstile,
        max_body_bytes: int,
        latency_ms: int,
    ) -> None:
        self._service = service
        self._routes = routes
        self._stage = stage
        self._documented = documented
        self._script = script
        self._journal = journal
        self._examiner = examiner
        self._turnstile = turnstile
        self._max_body_bytes = max_body_bytes
        self._latency_ms = latency_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. It is carried out at once; only its reply may be late, or lost."""
        try:
            request = await whole_request(scope, receive, self._max_body_bytes)
        except ClientGone:
            return
        async with self._turnstile.passing():
            operation = self._operation(request)
            credential = self._credential(request)
            entry = self._note(request, operation, credential)
            plan, messages = await self._replied(scope, request, operation, credential)
        entry.scripted, entry.delay_ms = plan.scripted, plan.delay_ms
        if await _hung_up(receive, plan.delay_ms + self._latency_ms):
            entry.outcome = Outcome.ABANDONED
            return
        entry.answered_at = self._stage.clock()
        _complete(entry, plan, messages)
        async with self._turnstile.passing():
            self._examiner.look()
        if plan.drop:
            await _drop(scope, receive)
        else:
            await _deliver(send, messages, plan.applied)

    async def _replied(
        self,
        scope: Scope,
        request: Request,
        operation: Operation | None,
        credential: Credential | None,
    ) -> tuple[Plan, Sequence[Message]]:
        """Answer what is planned, and the reply."""
        if operation is None:
            return Plan(), await self._served(scope, request)
        try:
            plan = plan_of(
                request,
                operation,
                self._documented,
                lambda called: self._examiner.take(called, credential) or self._script.take(called),
            )
        except ValidationFailed as refused:
            substitute = Substitute(request, operation, credential, self._stage.keyfob.request_rng)
            return Plan(), substitute.refusal(refused)
        if plan.reply is None:
            return plan, await self._served(scope, request)
        substitute = Substitute(request, operation, credential, self._stage.keyfob.request_rng)
        return plan, substitute.documented(plan.reply, plan)

    async def _served(self, scope: Scope, request: Request) -> Sequence[Message]:
        """Answer what the service answers."""
        body = bytes(self._max_body_bytes + 1) if request.body_too_long else request.body
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self._service(scope, receive, send)
        return messages

    def _note(
        self, request: Request, operation: Operation | None, credential: Credential | None
    ) -> Entry:
        number = self._journal.next_number()
        entry = received(request, operation, credential, number=number, at=self._stage.clock())
        self._journal.add(entry)
        self._examiner.note(entry, credential)
        return entry

    def _operation(self, request: Request) -> Operation | None:
        try:
            item, _ = self._routes.find(path_segments(request.raw_path))
            return item.operation(request.method)
        except (ValidationFailed, NotFound, MethodNotAllowed):
            return None

    def _credential(self, request: Request) -> Credential | None:
        try:
            return self._stage.keyfob.authentication.identify(credential_of(request))
        except (CredentialError, Unavailable):
            return None


async def _hung_up(receive: Receive, delay_ms: int) -> bool:
    """Hold a reply back, and say whether the client still waits for it."""
    if delay_ms == 0:
        return False
    try:
        async with asyncio.timeout(delay_ms / 1000):
            while (await receive())["type"] != "http.disconnect":
                pass  # the rest of a body that was too long
    except TimeoutError:
        return False
    return True


async def _drop(scope: Scope, receive: Receive) -> None:
    scope["extensions"][DROP]()
    while (await receive())["type"] != "http.disconnect":
        pass  # else uvicorn would miss a reply


def _complete(entry: Entry, plan: Plan, messages: Sequence[Message]) -> None:
    if plan.drop:
        entry.outcome = Outcome.DROPPED
        return
    start, content = messages
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    note_reply(entry, start["status"], headers, content["body"])
    entry.outcome = Outcome.ANSWERED


async def _deliver(send: Send, messages: Sequence[Message], applied: str) -> None:
    start, content = messages
    if applied:
        start["headers"] = [*start["headers"], (b"preference-applied", applied.encode("latin-1"))]
    await send(start)
    await send(content)
