"""Generated requests, sent with a live key and with dead ones, and what came of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from keyfob_contract.generated.cast import Cast
from keyfob_contract.generated.ledger import Ledger
from keyfob_contract.generated.links import followed
from keyfob_contract.generated.refusals import MOST_EVIDENCE, Refusals, ask, naming
from keyfob_contract.generated.substitution import Substitution
from keyfob_contract.generated.verdicts import Verdicts
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.expectation import expect
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.api import Unexpected
from keyfob_contract.run.dead import Credential
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import VisibleState, changes
from keyfob_contract.wire.message import Request

MOST_FOLLOWED = 3


class Trial:
    """Tries requests on one implementation, a batch of one operation at a time.

    To look at the state of all things is dear. So whatever has to be refused is sent first, and
    nothing may have changed then; what may succeed comes behind it.

    Args:
        dead: what must not let anybody in.
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
        self._verdicts = Verdicts(kit, substitution)
        self._refusals = Refusals(kit, cast, substitution, dead, ledger, self._verdicts)
        self._ledger = ledger
        self._state: VisibleState | None = None  # unknown, once something may have changed
        self._told: set[str] = set()
        self._follows: Counter[str] = Counter()

    def run(self, operation: Operation, generated: Sequence[Request]) -> Iterator[Complaint]:
        """Try requests and answer what went wrong, the same of an operation once.

        Raises:
            OutOfTime: the run has taken as long as it may.
        """
        for complaint in self._run(operation, generated):
            kind = f"{operation.id}: {complaint.text.partition(': ')[0]}"
            if kind not in self._told:
                self._told.add(kind)
                yield replace(complaint, text=f"{operation.id}: {complaint.text}")

    def _run(self, operation: Operation, generated: Sequence[Request]) -> Iterator[Complaint]:
        before = self._state or self._kit.state()
        hopeful: list[Request] = []
        yield from self._refusals.send(operation, generated, hopeful)
        self._state = self._kit.state()
        if differing := changes(before, self._state):
            yield from self._refusals.complain(operation, differing)
            self._state = self._kit.state()
        yield from self._alive(operation, hopeful, self._state)

    def _alive(
        self, operation: Operation, generated: Sequence[Request], before: VisibleState
    ) -> Iterator[Complaint]:
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
        if operation.is_safe:
            return
        now, self._state = self._kit.state(), None
        yield from _unexplained(changes(before, now, self._cast.made), exchanges)
        self._cast.trim()
        self._cast.fill()

    def _tried(self, plain: Request) -> tuple[Exchange, *tuple[Complaint, ...]]:
        """Send a request with the live key, and learn from the reply."""
        foreseen = self._verdicts.foresee(plain, expect(self._kit.contract, plain))
        exchange = ask(self._kit, plain)
        self._cast.note(exchange)
        return exchange, *self._verdicts.on(exchange, foreseen)

    def _attempted_again(self, first: Exchange) -> Iterator[Complaint]:
        """Send what has an Idempotency-Key and succeeded once more; nothing may come of it."""
        request = first.request
        foreseen = self._verdicts.foresee(request, first.expected)
        if foreseen.first is None or first.status >= 300:
            return
        self._ledger.repeated_attempts += 1
        again = self._kit.inspector.ask(request)
        for complaint in self._verdicts.on(again, foreseen):
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
                self._follows[name] += 1
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
        suspects = naming(change, exchanges) or tuple(
            exchange for exchange in exchanges if exchange.request.path == parent
        )
        if suspects and all(exchange.status >= 400 for exchange in suspects):
            text = f"a refused request of a live key had an effect: {change}"
            yield Complaint(text, suspects[-MOST_EVIDENCE:])
