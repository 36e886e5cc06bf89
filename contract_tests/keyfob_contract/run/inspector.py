"""The one way to the implementation: whatever is sent is noted, whatever it was sent for."""

import time
from collections.abc import Callable, Sequence

from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.expectation import expect
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.journal import Journal, issued_value
from keyfob_contract.run.vault import Vault
from keyfob_contract.wire.clocks import Clock
from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.target import Target


class Inspector:
    """Sends requests to a target and notes each reply."""

    def __init__(self, target: Target, contract: Contract, vault: Vault, journal: Journal) -> None:
        self._target = target
        self.contract = contract
        self.vault = vault
        self.journal = journal

    def ask(self, request: Request) -> Exchange:
        """Answer the exchange. Raises Unreachable."""
        sent_at, started = time.time(), time.perf_counter()
        reply = self._target.send(request)
        return self._noted(request, reply, sent_at, time.perf_counter() - started)

    def ask_together(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send all at once. Raises Unreachable."""
        sent_at, started = time.time(), time.perf_counter()
        replies = self._target.send_together(requests)
        seconds = time.perf_counter() - started
        return [
            self._noted(request, reply, sent_at, seconds)
            for request, reply in zip(requests, replies, strict=True)
        ]

    def ask_at(self, clock: Clock, due_ms: int, request: Request) -> Callable[[], Exchange]:
        """Have a request sent at a time; what is answered waits for it. Raises Unreachable."""

        def send() -> tuple[Reply, float, float]:
            sent_at, started = time.time(), time.perf_counter()
            return self._target.send(request), sent_at, time.perf_counter() - started

        outcome = clock.at(due_ms, send)
        return lambda: self._noted(request, *outcome())

    def settle(self) -> None:
        """Have the target write down at once what it would soon, if there is a way to."""
        self._target.settle()

    def _noted(self, request: Request, reply: Reply, sent_at: float, seconds: float) -> Exchange:
        exchange = Exchange(
            self.contract,
            request,
            expect(self.contract, request),
            reply,
            self.vault.state_of(request),
            sent_at,
            seconds,
        )
        value = issued_value(self.contract.profile, exchange)
        if value is not None and value not in self.vault.names:
            self.vault.keep(value)
        self.journal.note(exchange)
        return exchange
