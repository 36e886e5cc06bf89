"""One generated request: sent with a live key, then again with every kind of dead one."""

from collections.abc import Sequence
from dataclasses import replace

from keyfob_contract.conditions import Conditions, Foreseen
from keyfob_contract.conformance import Exchange, error_of
from keyfob_contract.credentials import DeadCredential
from keyfob_contract.expectation import Fate, expect
from keyfob_contract.inspector import Api, describe
from keyfob_contract.ledger import Ledger
from keyfob_contract.population import Population, VisibleState, visible_state
from keyfob_contract.target import Request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Trial:
    """Tries requests one after another on one implementation.

    Args:
        api: the run's own key, which no request may touch.
        others: ids of further keys that belong to the run.
        dead: what must not let anybody in.
    """

    def __init__(
        self,
        api: Api,
        own_id: str,
        others: frozenset[str],
        dead: Sequence[DeadCredential],
        population: Population,
    ) -> None:
        self._api = api
        self._conditions = Conditions(api)
        self._mine = others | {own_id}
        self._dead = dead
        self._population = population
        self.ledger = Ledger()
        self._state = self._look()
        self._tend()

    def run(self, operation_id: str, generated: Request) -> list[str]:
        """Try a request and answer all that went wrong, each complaint with its exchange."""
        plain = self._population.substitute(generated, operation_id)
        self._demand_harmless(plain)
        request = plain.with_headers(self._api.credentials)
        expected = expect(self._api.inspector.contract, request)
        foreseen = self._conditions.foresee(request, expected)
        exchange, found = self._api.inspector.inspect(request)
        self.ledger.count(operation_id, exchange.reply.status)
        found += self._verdict(exchange, foreseen)
        if self._may_have_changed(exchange) and not foreseen.first:
            self._state = self._look()
        stories = [_story(exchange, found)] if found else []
        stories += self._attempted_again(exchange)
        stories += self._without_body(exchange)
        stories += [story for dead in self._dead for story in self._refused(plain, dead, exchange)]
        stories += self._demand_unchanged(exchange)
        self._tend()
        return stories

    def _verdict(self, exchange: Exchange, foreseen: Foreseen) -> list[str]:
        fate, status = exchange.expected.fate, exchange.reply.status
        acceptable = foreseen.statuses
        if fate is Fate.VALID and not self._population.trusts_cursor_of(exchange.request):
            acceptable |= {400}
        if status not in acceptable:
            return [f"a request ({fate.value}) was answered {status}, not {sorted(acceptable)}"]
        return self._conditions.judge(exchange, foreseen)

    def _attempted_again(self, alive: Exchange) -> list[str]:
        """Send what has an Idempotency-Key and succeeded once more; nothing may come of it."""
        foreseen = self._conditions.foresee(alive.request, alive.expected)
        if foreseen.first is None:
            return []
        exchange, found = self._api.inspector.inspect(alive.request)
        found += self._verdict(exchange, foreseen)
        self.ledger.repeated_attempts += 1
        return [_story(exchange, found)] if found else []

    def _without_body(self, alive: Exchange) -> list[str]:
        if alive.request.method != "GET":
            return []
        request = replace(alive.request, method="HEAD")
        exchange, found = self._api.inspector.inspect(request)
        if exchange.reply.status != alive.reply.status:
            found.append(f"GET answered {alive.reply.status}")
        return [_story(exchange, found)] if found else []

    def _refused(self, plain: Request, dead: DeadCredential, alive: Exchange) -> list[str]:
        exchange, found = self._api.inspector.inspect(plain.with_headers(dead.headers))
        self.ledger.refused_dead_keys += 1
        operation = exchange.expected.operation
        asked = operation is not None and operation.needs_key
        if not (asked and exchange.expected.fate.reaches_authentication):
            expected = (alive.reply.status, error_of(alive.reply).get("code"))
        elif plain.method == "HEAD":
            expected = (401, None)
        else:
            expected = (401, dead.code)
        answered = (exchange.reply.status, error_of(exchange.reply).get("code"))
        if asked and dead.is_a_guess and _is_throttled(exchange):
            self.ledger.throttled_guesses += 1
        elif answered != expected:
            found.append(f"a dead key ({dead.name}) was answered {answered}, not {expected}")
        return [_story(exchange, found)] if found else []

    def _demand_unchanged(self, exchange: Exchange) -> list[str]:
        now = self._look()
        if now == self._state:
            return []
        before, self._state = self._state, now
        return [_story(exchange, [f"a refused request changed\n{before}\ninto\n{now}"])]

    def _may_have_changed(self, exchange: Exchange) -> bool:
        succeeded = exchange.reply.status < 400
        return succeeded and exchange.request.method not in SAFE_METHODS

    def _look(self) -> VisibleState:
        return visible_state(self._api)

    def _tend(self) -> None:
        if self._population.tend(self._state):
            self._state = self._look()

    def _demand_harmless(self, request: Request) -> None:
        if any(key_id in request.target for key_id in self._mine):
            raise AssertionError(f"the run would damage its own keys: {request.as_curl()}")


def _is_throttled(exchange: Exchange) -> bool:
    """Say whether a reply is the one to an address that guesses too much, and a whole one."""
    reply = exchange.reply
    told = exchange.request.method == "HEAD" or error_of(reply).get("code") == "RATE_LIMITED"
    return reply.status == 429 and told and reply.header("retry-after") is not None


def _story(exchange: Exchange, found: list[str]) -> str:
    return "\n".join([describe(exchange), *(f"  {line}" for line in found)])
