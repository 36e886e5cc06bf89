"""The one way to the implementation: whatever is sent is noted, whatever it was sent for."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.expectation import expect
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.fates import Fates
from keyfob_contract.run.journal import Journal
from keyfob_contract.run.vault import State, Vault
from keyfob_contract.wire.clocks import Clock
from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.target import Target

UNAUTHENTICATED = 401


class Inspector:
    """Sends requests to a target and notes each reply."""

    def __init__(self, target: Target, contract: Contract, vault: Vault, journal: Journal) -> None:
        self._target = target
        self.contract = contract
        self.vault = vault
        self.journal = journal
        self.fates = Fates(contract.profile, vault)

    def ask(self, request: Request) -> Exchange:
        """Answer the exchange. Raises Unreachable."""
        sent_at, started = time.time(), time.perf_counter()
        reply = self._target.send(request)
        return self._noted(request, reply, sent_at, time.perf_counter() - started)

    def ask_together(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send all at once. Raises Unreachable.

        What was refused of it came after whatever killed its key meanwhile.
        """
        states = [self.vault.state_of(request) for request in requests]
        sent_at, started = time.time(), time.perf_counter()
        replies = self._target.send_together(requests)
        seconds = time.perf_counter() - started
        told = [
            self._exchange(request, reply, state, sent_at, seconds)
            for request, reply, state in zip(requests, replies, states, strict=True)
        ]
        for exchange in told:
            self.fates.note(exchange)
        found = [
            replace(each, credential=self.vault.state_of_refused(each.request))
            if each.status == UNAUTHENTICATED
            else each
            for each in told
        ]
        for exchange in found:
            self.journal.note(exchange)
        return found

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
        is_refused = reply.status == UNAUTHENTICATED
        state_of = self.vault.state_of_refused if is_refused else self.vault.state_of
        exchange = self._exchange(request, reply, state_of(request), sent_at, seconds)
        self.fates.note(exchange)
        self.journal.note(exchange)
        return exchange

    def _exchange(
        self, request: Request, reply: Reply, state: State, sent_at: float, seconds: float
    ) -> Exchange:
        expected = expect(self.contract, request)
        return Exchange(self.contract, request, expected, reply, state, sent_at, seconds)
