"""Generated requests, sent with a live key and with dead ones, and what came of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle

from keyfob_contract.generated.cast import Cast
from keyfob_contract.generated.conditions import Conditions, Foreseen
from keyfob_contract.generated.ledger import Ledger
from keyfob_contract.generated.links import followed
from keyfob_contract.generated.substitution import Substitution
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.expectation import Expectation, expect
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.api import Unexpected
from keyfob_contract.run.dead import Credential
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import VisibleState, changes
from keyfob_contract.run.vault import State
from keyfob_contract.wire.message import Request

GUESSES = frozenset({State.UNKNOWN, State.DELETED})
DEAD_FOR_EACH = 3
MOST_FOLLOWED = 3
MOST_EVIDENCE = 5
PATIENCE = 4  # how often a single request is tried again, for it may meet what cannot change

Attempt = tuple[Request, Credential | None]
"""A generated request, and what to send it with: None is the run's own key."""


class Trial:
    """Tries requests on one implementation, a batch of one operation at a time.

    To look at the state of all things is dear. So whatever has to be refused is sent first, and
    nothing may have changed then; what may succeed comes behind it.

    Args:
        dead: what must not let anybody in; each request is tried with some of them, in turn.
    """

    def __init__(
        self,
        kit: Kit,
        cast: Cast,
        substitution: Substitution,
        dead: Sequence[Credential],
        ledger: Ledger,
    ) -> None:
        self._kit = kit
        self._cast = cast
        self._substitution = substitution
        self._conditions = Conditions(kit.live)
        self._dead = cycle(dead)
        self._dead_for_each = min(DEAD_FOR_EACH, len(dead))
        self._ledger = ledger
        self._state: VisibleState | None = None
        self._told: set[str] = set()
        self._follows: dict[str, int] = {}

    def run(self, operation: Operation, generated: Sequence[Request]) -> Iterator[Complaint]:
        """Try requests and answer what went wrong, the same of an operation once.

        Raises:
            OutOfTime: the run has taken as long as it may.
        """
        hopeful: list[Request] = []
        for found in (
            self._refused(operation, generated, hopeful),
            self._alive(operation, hopeful),
        ):
            for complaint in found:
                kind = f"{operation.id}: {complaint.text.partition(': ')[0]}"
                if kind not in self._told:
                    self._told.add(kind)
                    yield replace(complaint, text=f"{operation.id}: {complaint.text}")

    # --- what has to be refused --------------------------------------------------------------

    def _refused(
        self, operation: Operation, generated: Sequence[Request], hopeful: list[Request]
    ) -> Iterator[Complaint]:
        """Send what has to be refused; requests that a live key may succeed with are hopeful."""
        before = self._state or self._kit.state()
        attempts: list[Attempt] = []
        exchanges: list[Exchange] = []
        for each in generated:
            self._kit.demand_time()
            request = self._substitution.real(each, operation)
            expected = expect(self._kit.contract, request)
            credentials: list[Credential | None] = list(self._dead_for(expected))
            if self._must_fail(expected):
                credentials.append(None)
            else:
                hopeful.append(each)
            for credential in credentials:
                exchange = self._send(request, credential)
                exchanges.append(exchange)
                attempts.append((each, credential))
                yield from self._not_refused(operation, exchange, credential)
        self._state = self._kit.state()
        differing = changes(before, self._state)
        if not differing:
            return
        self._cast.lose(differing)
        if all(exchange.status >= 400 for exchange in exchanges):
            suspects = _naming(differing[0], exchanges)[-MOST_EVIDENCE:]
            effect = Complaint(f"a refused request had an effect: {differing[0]}", suspects)
            yield self._culprit(operation, attempts) or effect
        self._state = self._kit.state()

    def _dead_for(self, expected: Expectation) -> Iterator[Credential]:
        is_guarded = expected.operation is not None and expected.operation.needs_key
        if is_guarded and expected.fate.reaches_authentication:
            for _ in range(self._dead_for_each):
                yield next(self._dead)

    def _must_fail(self, expected: Expectation) -> bool:
        statuses = expected.acceptable(self._kit.profile.strictness)
        return statuses is not None and min(statuses) >= 400

    def _send(self, request: Request, credential: Credential | None) -> Exchange:
        if credential is None:
            return self._ask(request)
        self._ledger.refused_dead_keys += 1
        return self._kit.inspector.ask(credential.on(request))

    def _ask(self, request: Request) -> Exchange:
        """Send a request with the run's own key, or without one where none is asked for."""
        operation = expect(self._kit.contract, request).operation
        is_public = operation is not None and not operation.needs_key
        return (self._kit.nobody if is_public else self._kit.live).ask(request)

    def _not_refused(
        self, operation: Operation, exchange: Exchange, credential: Credential | None
    ) -> Iterator[Complaint]:
        if credential is None:
            self._ledger.count(operation.id, exchange.status)
            statuses = exchange.expected.acceptable(self._kit.profile.strictness)
            yield from self._verdict(exchange, Foreseen(statuses))
            return
        code = None if exchange.request.method == "HEAD" else credential.code
        if credential.state in GUESSES and exchange.status == 429:
            self._ledger.throttled_guesses += 1
        elif exchange.answer != (401, code):
            way = f"a {credential.state} credential ({credential.way})"
            text = f"{way} got in: {exchange.answered}"
            yield exchange.complaint(text if exchange.status != 401 else f"{text}, not {code}")

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
            if credential or self._must_fail(expect(self._kit.contract, request)):
                yield request, credential

    # --- what may succeed --------------------------------------------------------------------

    def _alive(self, operation: Operation, generated: Sequence[Request]) -> Iterator[Complaint]:
        before = self._state
        exchanges: list[Exchange] = []
        for each in generated:
            self._kit.demand_time()
            request = self._substitution.real(each, operation)
            if not self._cast.is_harmless(request):
                continue
            exchange, *complaints = self._tried(request)
            self._ledger.count(operation.id, exchange.status)
            exchanges.append(exchange)
            yield from complaints
            yield from self._attempted_again(exchange)
            yield from self._without_body(exchange)
            yield from self._followed(exchange)
            if operation.path_values:
                self._cast.fill()
        if operation.is_safe or before is None:
            return
        self._state = self._kit.state()
        before = {**{p: s for p, s in self._state.items() if self._is_ours(p)}, **before}
        yield from _unexplained(changes(before, self._state), exchanges)
        self._cast.trim()
        self._cast.fill()
        self._state = None

    def _is_ours(self, path: str) -> bool:
        """Say whether something was made so that requests have something to meet."""
        return path.rpartition("/")[2] in self._cast.made

    def _tried(self, plain: Request) -> tuple[Exchange, *tuple[Complaint, ...]]:
        """Send a request with the live key, and learn from the reply."""
        foreseen = self._conditions.foresee(plain, expect(self._kit.contract, plain))
        exchange = self._ask(plain)
        self._cast.note(exchange)
        return exchange, *self._verdict(exchange, foreseen)

    def _verdict(self, exchange: Exchange, foreseen: Foreseen) -> Iterator[Complaint]:
        strictness = self._kit.profile.strictness
        acceptable = foreseen.statuses
        if acceptable is not None and self._substitution.made_up_a_cursor(exchange.request):
            acceptable |= frozenset(strictness.invalid)
        fate = exchange.expected.fate.value
        if acceptable is not None and exchange.status not in acceptable:
            expected = " or ".join(map(str, sorted(acceptable)))
            yield exchange.complaint(f"{fate} input was answered {exchange.status}, not {expected}")
        elif wrong := self._conditions.judge(exchange, foreseen):
            yield exchange.complaint(wrong)

    def _attempted_again(self, first: Exchange) -> Iterator[Complaint]:
        """Send what has an Idempotency-Key and succeeded once more; nothing may come of it."""
        request = first.request
        foreseen = self._conditions.foresee(request, first.expected)
        if foreseen.first is None or first.status >= 300:
            return
        self._ledger.repeated_attempts += 1
        again = self._kit.inspector.ask(request)
        for complaint in self._verdict(again, foreseen):
            yield complaint.with_story((first, again))

    def _without_body(self, get: Exchange) -> Iterator[Complaint]:
        if get.request.method != "GET" or not self._kit.profile.strictness.early_refusals:
            return
        head = self._kit.inspector.ask(replace(get.request, method="HEAD"))
        if head.status != get.status:
            text = f"HEAD was answered {head.status}, GET {get.status}"
            yield Complaint(text, (get, head))

    def _followed(self, exchange: Exchange) -> Iterator[Complaint]:
        if exchange.status >= 300:
            return
        try:
            for link, request in followed(self._kit, exchange):
                name = f"{exchange.operation_id} {link.name}"
                self._follows[name] = self._follows.get(name, 0) + 1
                if self._follows[name] > MOST_FOLLOWED or not self._cast.is_harmless(request):
                    continue
                self._ledger.followed_links += 1
                self._substitution.trust(request)
                there, *complaints = self._tried(request)
                if there.status == 404:
                    text = f"the link {link.name} leads to what is not there"
                    complaints = [there.complaint(text)]
                yield from (each.with_story((exchange, there)) for each in complaints)
        except (LookupError, Unexpected):
            return  # what else it takes to follow that link cannot be made


def _unexplained(differing: Sequence[str], exchanges: Sequence[Exchange]) -> Iterator[Complaint]:
    """Complain of what changed though only refused requests have named it."""
    for change in differing:
        path = change.partition(" ")[0]
        parent = path.rpartition("/")[0]
        suspects = _naming(change, exchanges) or tuple(
            exchange for exchange in exchanges if exchange.request.path == parent
        )
        if suspects and all(exchange.status >= 400 for exchange in suspects):
            text = f"a refused request of a live key had an effect: {change}"
            yield Complaint(text, suspects[-MOST_EVIDENCE:])


def _naming(change: str, exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Answer the exchanges that speak of what changed."""
    named = change.partition(" ")[0].rpartition("/")[2]
    return tuple(
        exchange
        for exchange in exchanges
        if named in exchange.request.target
        or named.encode() in exchange.request.body + exchange.reply.body
    )
