"""The order of refusals: plain functions from a request to its answer, without a network.

Not charged to any key: malformed target 400, unknown path 404, method 405, size 413. Then the
credential 401, the rate limit 429, the scope 403, media type 415 and contract 400; what follows
(404, 403 for sites and escalation, 409, 412) is the domain's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from keyfob.domain.authentication import actor_of
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import (
    ApiKeyInvalid,
    CredentialError,
    KeyfobError,
    RateLimited,
    ScopeInsufficient,
    Unavailable,
)
from keyfob.gate.answer import Answer, answer_of
from keyfob.gate.credential import credential_of
from keyfob.gate.envelope import for_gateways, refuse
from keyfob.gate.operation import Operation
from keyfob.gate.refusals import InternalError, PayloadTooLarge
from keyfob.gate.request import Request
from keyfob.gate.routing import Routes
from keyfob.gate.target import path_segments
from keyfob.limits import Charge, guess_name, key_name
from keyfob.model import Actor, RateLimit, scope_words
from keyfob.reply import Reply
from keyfob.store.api_keys import Credential

Dispatch = Callable[[Request, Callable[[], Reply]], Answer]
"""Runs the prepared call of a handler, within whatever the handler is to find around it."""

OK = "OK"

Outcome = TypeVar("Outcome")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Case:
    """A request on its way, and what has become known of it; log and usage are made of this.

    Attributes:
        path: the template of the spec, once it is known.
        credential: what was sent, dead or alive; None if it was nothing that the store knows.
        actor: the key behind it, if it is alive.
        charge: what the key has left, once it was charged.
        code: of the error, or ``OK``.
        is_page: it is for people, and none of the spec's.
    """

    request: Request
    path: str | None = None
    operation: Operation | None = None
    path_values: Mapping[str, str] = field(default_factory=dict)
    credential: Credential | None = None
    actor: Actor | None = None
    charge: Charge | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    reply: Reply | None = None
    code: str = OK
    is_page: bool = False

    @property
    def admitted(self) -> Operation:
        """The operation of an admitted case."""
        if self.operation is None:
            raise LookupError("this case was not admitted")
        return self.operation


class Judge:
    """Answers requests; every one gets an answer, whatever happens."""

    def __init__(
        self,
        keyfob: Keyfob,
        routes: Routes,
        *,
        dispatch: Dispatch,
        direct: frozenset[str],
        guess_limit: RateLimit,
    ) -> None:
        self._keyfob = keyfob
        self._routes = routes
        self._dispatch = dispatch
        self._direct = direct
        self._guess_limit = guess_limit

    def admit(self, case: Case) -> Answer | None:
        """Refuse what is refused whoever asks; None if the case may go on to ``answer``."""
        return _guarded(case, lambda: self._admit(case))

    def answer(self, case: Case) -> Answer:
        """Authenticate, charge, authorise, validate, and let the operation's handler answer."""
        return _guarded(case, lambda: self._answer(case))

    def attribute(self, case: Case) -> None:
        """Find out whose key was sent with a request that was refused whoever sent it."""
        try:
            case.credential = self._keyfob.authentication.identify(credential_of(case.request))
        except (CredentialError, Unavailable):
            case.credential = None

    def _admit(self, case: Case) -> None:
        request = case.request
        item, case.path_values = self._routes.find(path_segments(request.raw_path))
        case.path = item.path
        case.operation = item.operation(request.method)
        if request.body_too_long:
            raise PayloadTooLarge

    def _answer(self, case: Case) -> Answer:
        operation = case.admitted
        offered: dict[str, Any] = {"keyfob": self._keyfob}
        if operation.needs_key:
            offered["actor"] = self._authenticated(case)
            _demand_scope(offered["actor"], operation)
        case.arguments = operation.arguments(case.request, case.path_values)
        offered |= case.arguments
        wanted = {name: offered[name] for name in operation.wants}

        def call() -> Reply:
            case.reply = operation.handler(**wanted)
            return case.reply

        if operation.id in self._direct:
            return answer_of(call())
        return self._dispatch(case.request, call)

    def _authenticated(self, case: Case) -> Actor:
        keyfob = self._keyfob
        credential = keyfob.authentication.identify(credential_of(case.request))
        if credential is None:
            self._charge_guess(case.request.client)
            raise ApiKeyInvalid
        case.credential = credential
        keyfob.authentication.demand_alive(credential)
        case.actor = actor_of(credential, case.request.id)
        case.charge = keyfob.limiter.charge(key_name(credential.key_id), credential.rate_limit)
        if not case.charge.allowed:
            raise RateLimited(case.charge.retry_after_seconds)
        return case.actor

    def _charge_guess(self, client: str) -> None:
        charge = self._keyfob.limiter.charge(guess_name(client), self._guess_limit)
        if not charge.allowed:
            raise RateLimited(charge.retry_after_seconds)


def _demand_scope(actor: Actor, operation: Operation) -> None:
    if operation.required_scope not in actor.scopes:
        raise ScopeInsufficient(required=scope_words(operation.required_scope)[0])


def _guarded(case: Case, work: Callable[[], Outcome]) -> Outcome | Answer:
    try:
        return work()
    except KeyfobError as refused:
        error = refused
    except Exception:
        log.exception("internal_error", request_id=case.request.id)
        error = InternalError()
    case.code = error.code
    reply = refuse(error, case.request.id)
    if case.operation is not None and case.operation.id == "authorize":
        reply = for_gateways(reply)
    return answer_of(reply)
