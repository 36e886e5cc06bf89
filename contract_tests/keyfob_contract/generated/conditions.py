"""What the state of things makes of a valid request that carries If-Match or Idempotency-Key."""

import json
import re
from dataclasses import dataclass
from typing import Any

from keyfob_contract.rules.exchange import NOTHING, Exchange, at_pointer
from keyfob_contract.rules.expectation import Expectation, Fate, parse_strictly
from keyfob_contract.run.api import Api
from keyfob_contract.wire.message import Request

_REFUSALS = frozenset({403, 404, 409})
_TAG = re.compile(r'(W/)?"([^"]*)"')


@dataclass(frozen=True)
class Attempt:
    """The first success under an Idempotency-Key.

    Attributes:
        showed_a_value: whether the reply cannot be given again, since values are not kept.
    """

    body: str
    status: int
    reply: Any
    showed_a_value: bool


@dataclass(frozen=True)
class Foreseen:
    """How a request may be answered.

    Attributes:
        statuses: None if whatever is documented will do.
        first: the attempt that it repeats, if it does.
    """

    statuses: frozenset[int] | None
    first: Attempt | None = None


class Conditions:
    """Foresees replies by the entity tags that are in force and the creations that were."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._profile = api.inspector.contract.profile
        self._attempts: dict[tuple[str, str], Attempt] = {}

    def foresee(self, request: Request, expected: Expectation) -> Foreseen:
        """Judge a request that is about to be sent."""
        usual = expected.acceptable(self._profile.strictness)
        operation = expected.operation
        if expected.fate is not Fate.VALID or operation is None or usual is None:
            return Foreseen(usual)
        if "if-match" in operation.headers and 412 in operation.replies:
            tags = request.header_values("if-match")
            if tags and not self._is_matched(request, tags[0]):
                return Foreseen(_REFUSALS | {412})
        first = self._attempts.get(self._name_of(request, expected) or ("", ""))
        if first is None:
            return Foreseen(usual)
        if _canonical(request) != first.body:
            return Foreseen(_REFUSALS, first)  # its own faults may be told before the conflict is
        return Foreseen(frozenset({409 if first.showed_a_value else first.status}), first)

    def judge(self, exchange: Exchange, foreseen: Foreseen) -> str | None:
        """Answer what is wrong with a reply, if anything; remember it if it is a first success."""
        name = self._name_of(exchange.request, exchange.expected)
        if name is None:
            return None
        conflicts = exchange.code == self._profile.errors.conflict
        if exchange.status == 409 and conflicts != (foreseen.first is not None):
            told = "not told as such" if foreseen.first else "told of a first attempt"
            return f"a conflict of Idempotency-Keys was {told}"
        if exchange.status >= 300:
            return None
        if foreseen.first is None:
            self._attempts[name] = self._attempt(exchange)
        elif exchange.json != foreseen.first.reply:
            return "a repeated attempt was not answered as the first one"
        return None

    def _attempt(self, exchange: Exchange) -> Attempt:
        value = at_pointer(exchange.json, self._profile.keys.value)
        showed = exchange.operation_id == self._profile.keys.mint and value is not NOTHING
        return Attempt(_canonical(exchange.request), exchange.status, exchange.json, showed)

    def _is_matched(self, request: Request, if_match: str) -> bool:
        """Say whether the tag in force is among those sent; weak ones never match."""
        exchange = self._api("GET", request.path)
        if exchange.status != 200:
            return False
        strong = {f'"{tag}"' for weak, tag in _TAG.findall(if_match) if not weak}
        return if_match == "*" or exchange.header("etag") in strong

    def _name_of(self, request: Request, expected: Expectation) -> tuple[str, str] | None:
        operation = expected.operation
        if operation is None or "idempotency-key" not in operation.headers:
            return None
        keys = request.header_values("idempotency-key")
        promised = self._profile.errors.conflict is not None
        return (operation.id, keys[0]) if keys and promised else None


def _canonical(request: Request) -> str:
    return json.dumps(parse_strictly(request.body), sort_keys=True)
