"""What a reply to a generated request with a live key has to be."""

from collections.abc import Iterator

from keyfob_contract.generated.conditions import Conditions, Foreseen
from keyfob_contract.generated.substitution import Substitution
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.expectation import Expectation
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.message import Request


class Verdicts:
    """Foresees the replies to requests, and judges them."""

    def __init__(self, kit: Kit, substitution: Substitution) -> None:
        self._strictness = kit.profile.strictness
        self._substitution = substitution
        self._conditions = Conditions(kit.live)

    def foresee(self, request: Request, expected: Expectation) -> Foreseen:
        """Judge a request that is about to be sent."""
        return self._conditions.foresee(request, expected)

    def on(self, exchange: Exchange, foreseen: Foreseen) -> Iterator[Complaint]:
        """Answer what is wrong with the reply."""
        acceptable = foreseen.statuses
        if acceptable is not None and self._substitution.made_up_a_cursor(exchange.request):
            acceptable |= frozenset(self._strictness.invalid)
        fate = exchange.expected.fate.value
        if acceptable is not None and exchange.status not in acceptable:
            expected = " or ".join(map(str, sorted(acceptable)))
            yield exchange.complaint(f"{fate} input was answered {exchange.status}, not {expected}")
        elif wrong := self._conditions.judge(exchange, foreseen):
            yield exchange.complaint(wrong)
