"""What has to be refused, sent in one go: nothing of it may have an effect."""

from collections.abc import Iterator, Sequence
from itertools import cycle

from keyfob_contract.generated.cast import Cast
from keyfob_contract.generated.conditions import Foreseen
from keyfob_contract.generated.ledger import Ledger
from keyfob_contract.generated.substitution import Substitution
from keyfob_contract.generated.verdicts import Verdicts
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.expectation import Expectation, expect
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.dead import Credential
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import changes
from keyfob_contract.run.vault import State
from keyfob_contract.wire.message import Request

GUESSES = frozenset({State.UNKNOWN, State.DELETED})
DEAD_FOR_EACH = 3
MOST_EVIDENCE = 5
PATIENCE = 4  # how often a single request is tried again, for it may meet what cannot change

Attempt = tuple[Request, Credential | None]
"""A request, and what to send it with: None is the run's own key."""


class Refusals:
    """Sends requests with dead keys, and with the run's own where they are wrong in themselves.

    Args:
        dead: what must not let anybody in; each request is tried with some of them, in turn.
        verdicts: on replies to the run's own key.
    """

    def __init__(
        self,
        kit: Kit,
        cast: Cast,
        substitution: Substitution,
        dead: Sequence[Credential],
        ledger: Ledger,
        verdicts: Verdicts,
    ) -> None:
        self._kit = kit
        self._cast = cast
        self._substitution = substitution
        self._dead = cycle(dead)
        self._dead_for_each = min(DEAD_FOR_EACH, len(dead))
        self._ledger = ledger
        self._verdicts = verdicts
        self._attempts: list[Attempt] = []
        self._exchanges: list[Exchange] = []

    def send(
        self, operation: Operation, generated: Sequence[Request], hopeful: list[Request]
    ) -> Iterator[Complaint]:
        """Send what has to be refused, and answer what was not.

        Requests that may succeed with the run's own key are left for later, in ``hopeful``.

        Raises:
            OutOfTime: the run has taken as long as it may.
        """
        self._attempts, self._exchanges = [], []
        for each in generated:
            self._kit.demand_time()
            request = self._substitution.real(each, operation)
            expected = expect(self._kit.contract, request)
            for credential in self._dead_for(expected):
                exchange = self._noted(each, request, credential)
                yield from self._not_refused(exchange, credential)
            foreseen = self._verdicts.foresee(request, expected)
            if _is_refusal(foreseen):
                exchange = self._noted(each, request, None)
                self._ledger.count(operation.id, exchange.status)
                yield from self._verdicts.on(exchange, foreseen)
            else:
                hopeful.append(each)

    def complain(self, operation: Operation, differing: Sequence[str]) -> Iterator[Complaint]:
        """Find out which of the requests that were sent last has changed something."""
        self._cast.lose(differing)
        if all(exchange.status >= 400 for exchange in self._exchanges):  # else it is told already
            suspects = naming(differing[0], self._exchanges)[-MOST_EVIDENCE:]
            effect = Complaint(f"a refused request had an effect: {differing[0]}", suspects)
            yield self._culprit(operation, self._attempts) or effect

    def _dead_for(self, expected: Expectation) -> Iterator[Credential]:
        is_guarded = expected.operation is not None and expected.operation.needs_key
        if is_guarded and expected.fate.reaches_authentication:
            for _ in range(self._dead_for_each):
                yield next(self._dead)

    def _noted(
        self, generated: Request, request: Request, credential: Credential | None
    ) -> Exchange:
        exchange = self._send(request, credential)
        self._attempts.append((generated, credential))
        self._exchanges.append(exchange)
        return exchange

    def _send(self, request: Request, credential: Credential | None) -> Exchange:
        if credential is None:
            return ask(self._kit, request)
        self._ledger.refused_dead_keys += 1
        return self._kit.inspector.ask(credential.on(request))

    def _not_refused(self, exchange: Exchange, credential: Credential) -> Iterator[Complaint]:
        code = None if exchange.request.method == "HEAD" else credential.code
        if credential.state in GUESSES and exchange.status == 429:
            self._ledger.throttled_guesses += 1
        elif exchange.answer != (401, code):
            text = f"{credential.spelt} got in: {exchange.answered}"
            if exchange.status == 401:
                text = f"{credential.spelt} was told {exchange.code}, not {code}"
            yield exchange.complaint(text)

    def _culprit(self, operation: Operation, attempts: Sequence[Attempt]) -> Complaint | None:
        """Find one attempt that has an effect, by trying halves of them again on other things."""
        for _ in range(PATIENCE if len(attempts) == 1 else 1):
            before = self._kit.state()
            exchanges = [self._send(*attempt) for attempt in self._again(operation, attempts)]
            differing = changes(before, self._kit.state())
            self._cast.lose(differing)
            if differing and len(attempts) == 1:
                return exchanges[0].complaint(f"a refused request had an effect: {differing[0]}")
            if differing:
                half = len(attempts) // 2
                first, second = attempts[:half], attempts[half:]
                return self._culprit(operation, first) or self._culprit(operation, second)
        return None

    def _again(self, operation: Operation, attempts: Sequence[Attempt]) -> Iterator[Attempt]:
        for generated, credential in attempts:
            request = self._substitution.real(generated, operation)
            expected = expect(self._kit.contract, request)
            if credential or _is_refusal(self._verdicts.foresee(request, expected)):
                yield request, credential


def _is_refusal(foreseen: Foreseen) -> bool:
    return foreseen.statuses is not None and min(foreseen.statuses) >= 400


def ask(kit: Kit, request: Request) -> Exchange:
    """Send a request with the run's own key, or without one where none is asked for."""
    operation = expect(kit.contract, request).operation
    is_public = operation is not None and not operation.needs_key
    return (kit.nobody if is_public else kit.live).ask(request)


def naming(change: str, exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Answer the exchanges that speak of what changed."""
    named = change.partition(" ")[0].rpartition("/")[2]
    return tuple(
        exchange
        for exchange in exchanges
        if named in exchange.request.target
        or named.encode() in exchange.request.body + exchange.reply.body
    )
