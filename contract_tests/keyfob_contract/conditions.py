"""What the state of things makes of a valid request that carries If-Match or Idempotency-Key."""

import json
import re
from dataclasses import dataclass
from typing import Any

from keyfob_contract.conformance import Exchange, error_of
from keyfob_contract.expectation import Expectation, Fate, parse_strictly
from keyfob_contract.inspector import Api
from keyfob_contract.target import Request

_REFUSALS = frozenset({403, 404, 409})
_TAG = re.compile(r'(W/)?"([^"]*)"')


@dataclass(frozen=True)
class Attempt:
    """The first success under an Idempotency-Key."""

    body: str
    reply: Any

    @property
    def showed_a_value(self) -> bool:
        """Whether the reply cannot be given again, since values are not kept."""
        return "key" in self.reply


@dataclass(frozen=True)
class Foreseen:
    """How a request may be answered.

    Attributes:
        first: the attempt that it repeats, if it does.
    """

    statuses: frozenset[int]
    first: Attempt | None = None


class Conditions:
    """Foresees replies by the entity tags that are in force and the creations that were."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._attempts: dict[tuple[str, str], Attempt] = {}

    def foresee(self, request: Request, expected: Expectation) -> Foreseen:
        """Judge a request that is about to be sent."""
        usual = expected.fate.statuses
        if expected.fate is not Fate.VALID or expected.operation is None:
            return Foreseen(usual)
        if "if-match" in expected.operation.headers and (tags := request.header_values("if-match")):
            return Foreseen(usual if self._is_matched(request, tags[0]) else _REFUSALS | {412})
        first = self._attempts.get(_name_of(request, expected) or ("", ""))
        if first is None:
            return Foreseen(usual)
        is_answered_again = _canonical(request) == first.body and not first.showed_a_value
        return Foreseen(frozenset({201 if is_answered_again else 409}), first)

    def judge(self, exchange: Exchange, foreseen: Foreseen) -> list[str]:
        """Answer what is wrong with a reply, and remember it if it is a first success."""
        reply, name = exchange.reply, _name_of(exchange.request, exchange.expected)
        conflicts = error_of(reply).get("code") == "IDEMPOTENCY_CONFLICT"
        if reply.status == 409 and conflicts != (foreseen.first is not None):
            told = "not told as such" if foreseen.first else "told of a first attempt"
            return [f"a conflict of Idempotency-Keys was {told}"]
        if reply.status != 201 or name is None:
            return []
        if foreseen.first is None:
            self._attempts[name] = Attempt(_canonical(exchange.request), reply.json)
        elif reply.json != foreseen.first.reply:
            return [f"a repeated attempt was first answered {foreseen.first.reply}"]
        return []

    def _is_matched(self, request: Request, if_match: str) -> bool:
        """Say whether the tag in force is among those sent; weak ones never match."""
        reply = self._api("GET", request.path)
        if reply.status != 200:
            return False
        strong = {f'"{tag}"' for weak, tag in _TAG.findall(if_match) if not weak}
        return if_match == "*" or reply.header("etag") in strong


def _name_of(request: Request, expected: Expectation) -> tuple[str, str] | None:
    operation = expected.operation
    if operation is None or "idempotency-key" not in operation.headers:
        return None
    keys = request.header_values("idempotency-key")
    return (operation.id, keys[0]) if keys else None


def _canonical(request: Request) -> str:
    return json.dumps(parse_strictly(request.body), sort_keys=True)
