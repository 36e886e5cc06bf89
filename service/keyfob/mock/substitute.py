"""Replies in the service's place, as it would have sent them."""

import random
from dataclasses import replace
from http import HTTPStatus

from starlette.types import Message

from keyfob.domain.identifiers import new_id
from keyfob.errors import ValidationFailed
from keyfob.gate.accounting import write_log_line
from keyfob.gate.answer import answer_of
from keyfob.gate.asgi import messages_of
from keyfob.gate.envelope import refuse
from keyfob.gate.judge import OK, Case
from keyfob.gate.operation import Operation
from keyfob.gate.request import Request
from keyfob.limits import Charge
from keyfob.mock.documented import DocumentedReply
from keyfob.mock.plan import Plan
from keyfob.model import DEFAULT_RATE_LIMIT
from keyfob.reply import Reply
from keyfob.store.api_keys import Credential

Messages = tuple[Message, Message]


class Substitute:
    """Answers one request that the service will not see."""

    def __init__(
        self,
        request: Request,
        operation: Operation,
        credential: Credential | None,
        rng: random.Random,
    ) -> None:
        self._case = Case(
            replace(request, id=new_id("req", rng)),
            path=operation.path,
            operation=operation,
            credential=credential,
        )
        self._operation = operation

    def documented(self, documented: DocumentedReply, plan: Plan) -> Messages:
        """Answer what is documented."""
        request_id = self._case.request.id
        reply = documented.reply(self._operation, plan.example, request_id, plan.retry_after)
        if documented.tells_limit and self._operation.needs_key:
            self._case.charge = self._charge(reply)
        return self._sent(reply)

    def refusal(self, refused: ValidationFailed) -> Messages:
        """Answer that the request prefers what there is not."""
        return self._sent(refuse(refused, self._case.request.id))

    def _sent(self, reply: Reply) -> Messages:
        answer = answer_of(reply)
        error = (reply.body or {}).get("error") if reply.status >= HTTPStatus.BAD_REQUEST else None
        self._case.code = OK if error is None else error["code"]
        write_log_line(self._case, answer.status, seconds=0)
        return messages_of(self._case, answer)

    def _charge(self, reply: Reply) -> Charge:
        """Answer a charge that fits the reply: the first of a window, or one too many."""
        credential = self._case.credential
        limit = DEFAULT_RATE_LIMIT if credential is None else credential.rate_limit
        is_refused = reply.status == HTTPStatus.TOO_MANY_REQUESTS
        seconds = int(reply.headers["Retry-After"]) if is_refused else limit.window_seconds
        return Charge(
            allowed=not is_refused,
            limit=limit.requests,
            window_seconds=limit.window_seconds,
            remaining=0 if is_refused else limit.requests - 1,
            reset_ms=seconds * 1000,
        )
