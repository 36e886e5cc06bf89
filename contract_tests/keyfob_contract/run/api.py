"""The implementation as the holder of one key sees it."""

from collections.abc import Sequence
from typing import Any

from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.run.inspector import Inspector
from keyfob_contract.wire.message import Request


class Unexpected(Exception):
    """A check cannot go on, for the implementation did not do what it has to.

    Attributes:
        exchange: the one that shows it.
    """

    def __init__(self, exchange: Exchange, text: str) -> None:
        super().__init__(text)
        self.exchange = exchange


class Api:
    """Sends requests with a key's value, or with none."""

    def __init__(self, inspector: Inspector, value: str | None) -> None:
        self.inspector = inspector
        self.value = value

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that say who is calling."""
        if self.value is None:
            return ()
        return (self.inspector.contract.profile.credentials.header(self.value),)

    def with_value(self, value: str | None) -> "Api":
        """Answer the same as the holder of another value sees it."""
        return Api(self.inspector, value)

    def ask(self, request: Request) -> Exchange:
        """Send a request with the key."""
        return self.inspector.ask(request.with_headers(*self.headers))

    def ask_together(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send requests with the key, all at once."""
        return self.inspector.ask_together([r.with_headers(*self.headers) for r in requests])

    def __call__(self, method: str, path: str, body: Any = None, /, **query: object) -> Exchange:
        """Send what is described."""
        return self.ask(described(method, path, body, **query))

    def must(
        self, status: int, method: str, path: str, body: Any = None, /, **query: object
    ) -> Any:
        """Answer the JSON of the reply, and demand its status. Raises Unexpected."""
        exchange = self(method, path, body, **query)
        demand(exchange, status)
        return exchange.json


def described(method: str, path: str, body: Any = None, /, **query: object) -> Request:
    """Answer a request; a body is sent as JSON, and a query parameter that is None is not sent."""
    request = Request(method, path).with_query(**query)
    return request if body is None else request.with_json(body)


def demand(exchange: Exchange, status: int) -> None:
    """Demand a status. Raises Unexpected."""
    if exchange.status != status:
        what = f"{exchange.request.method} {exchange.request.path}"
        code = f" {exchange.code}" if exchange.code else ""
        raise Unexpected(exchange, f"{what} was answered {exchange.status}{code}, not {status}")
