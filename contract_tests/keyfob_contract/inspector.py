"""Every exchange of a run passes here and is inspected, whatever it was made for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from keyfob_contract.conformance import Exchange, complaints
from keyfob_contract.expectation import expect
from keyfob_contract.spec import Contract
from keyfob_contract.target import Reply, Request, Target


class ContractBroken(AssertionError):
    """The implementation did not do what the contract says."""

    def __init__(self, exchange: Exchange, found: list[str]) -> None:
        super().__init__("\n".join([describe(exchange), *found]))


class Inspector:
    """Sends requests to a target and inspects each reply."""

    def __init__(self, target: Target, contract: Contract) -> None:
        self._target = target
        self._request_ids: set[str] = set()
        self.contract = contract

    def inspect(self, request: Request) -> tuple[Exchange, list[str]]:
        """Answer the exchange and all that is wrong with it."""
        expected = expect(self.contract, request)
        exchange = Exchange(self.contract, request, expected, self._target.send(request))
        return exchange, [*complaints(exchange), *self._repeated_id(exchange.reply)]

    def settle(self) -> None:
        """Have the target write down at once what it would soon, if there is a way to."""
        self._target.settle()

    def send(self, request: Request) -> Reply:
        """Answer the reply. Raises ContractBroken."""
        exchange, found = self.inspect(request)
        if found:
            raise ContractBroken(exchange, found)
        return exchange.reply

    def _repeated_id(self, reply: Reply) -> list[str]:
        request_id = reply.header("x-request-id") or ""
        if request_id in self._request_ids:
            return [f"request ids are unique: {request_id} came before"]
        self._request_ids.add(request_id)
        return []


class Api:
    """The implementation as the holder of one key sees it."""

    def __init__(self, inspector: Inspector, value: str | None) -> None:
        self.inspector = inspector
        self.value = value

    @property
    def credentials(self) -> Mapping[str, str]:
        """The headers that say who is calling."""
        return {} if self.value is None else {"Authorization": f"Bearer {self.value}"}

    def with_value(self, value: str | None) -> "Api":
        """Answer the same as the holder of another value sees it."""
        return Api(self.inspector, value)

    def __call__(self, method: str, path: str, body: Any = None, /, **query: Any) -> Reply:
        """Answer the inspected reply. Raises ContractBroken."""
        given = {name: value for name, value in query.items() if value is not None}
        target = f"{path}?{urlencode(given)}" if given else path
        request = Request(method, target).with_headers(self.credentials)
        if body is not None:
            labelled = (*request.headers, ("Content-Type", "application/json"))
            request = Request(method, target, labelled, orjson.dumps(body))
        return self.inspector.send(request)

    def must(self, status: int, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        """Answer the reply's JSON (None if it has no body), and demand its status."""
        reply = self(method, path, body, **query)
        if reply.status != status:
            raise AssertionError(
                f"{method} {path} answered {reply.status}, not {status}: {reply.body[:500]!r}"
            )
        return reply.json if reply.body else None


def describe(exchange: Exchange) -> str:
    """Spell an exchange for people."""
    reply = exchange.reply
    return f"{exchange.request.as_curl()}\n-> {reply.status} {reply.body[:500]!r}"
