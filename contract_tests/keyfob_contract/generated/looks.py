"""What is looked at after each step of a life: everything that the state table speaks of."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from hypothesis.stateful import RuleBasedStateMachine

from keyfob_contract.generated.lifecycle import (
    NOT_FOUND,
    OK,
    TIMES,
    ModelKey,
    Outcome,
    shown,
)
from keyfob_contract.generated.story import Caller, Stories
from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.paths import CURRENT, KEYS
from keyfob_contract.run.api import Api, described
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.vault import State
from keyfob_contract.wire.clocks import SteppingClock

VERIFY = f"{KEYS}/verify"
STATUSES = ("active", "expired", "revoked")
STATE_OF_CODE = {
    None: State.LIVE,
    "API_KEY_ROTATED": State.ROTATED,
    "API_KEY_EXPIRED": State.EXPIRED,
    "API_KEY_REVOKED": State.REVOKED,
    "API_KEY_INVALID": State.DELETED,
}


class KeyLooks(RuleBasedStateMachine):
    """Several keys at once, as they should be, and what every caller should see of them.

    Attributes:
        callers: of each organisation first the one that owns its keys, who may do everything.
        sites: of each organisation.
    """

    kit: ClassVar[Kit]
    stories: ClassVar[Stories]
    callers: ClassVar[Sequence[Caller]]
    sites: ClassVar[Mapping[str, Sequence[str]]]

    def __init__(self) -> None:
        super().__init__()
        self.models: list[ModelKey] = []
        self.looks = 0
        self.stories.begin()
        self.mark = f"{self.kit.token()} "  # names of no other life contain it

    @property
    def now(self) -> int:
        return self.kit.clock()

    @property
    def knows_the_time(self) -> bool:
        """Whether the implementation's clock is ours."""
        return isinstance(self.kit.clock, SteppingClock)

    def look_at(self, key: ModelKey) -> None:
        """Look at a key from all sides, and at what each of its values is worth."""
        for caller in self.callers:
            if self.stories.wants(look := f"view by {caller.name}"):
                outcome = self.outcome_for(caller, key, key.view)
                self.demand(self.ask(caller.api, "GET", path(key), look=look), outcome, key)
        for value in key.values:
            if self.stories.wants(look := "use"):
                outcome = self.use_of(key, value)
                holder = self.owner_of(key).api.with_value(value)
                self.demand(self.ask(holder, "GET", CURRENT, look=look), outcome, key)
        for caller in self.callers:
            if self.stories.wants(look := f"verdict for {caller.name}"):
                is_owner = caller == self.owner_of(key)
                for value in key.values if is_owner else key.values[-1:]:
                    self.demand_verdict(caller, key, value, look)

    def demand_verdict(self, caller: Caller, key: ModelKey, value: str, look: str) -> None:
        outcome = key.use(value, self.now)
        if not key.is_met_by(caller.organization, caller.site_ids):
            outcome = Outcome(401, "API_KEY_INVALID")
        code = outcome.code or "VALID"
        exchange = self.ask(caller.api, "POST", VERIFY, {"key": value}, look=look)
        self.stories.demand(exchange, OK)
        verdict = exchange.json
        known = key.id if code != "API_KEY_INVALID" else None
        judged = (verdict.get("valid"), verdict.get("code"), verdict.get("keyId"))
        if judged != (code == "VALID", code, known):
            self.stories.fail(exchange, f"{caller.name} hears {judged} of a value that is {code}")

    @property
    def lists(self) -> Sequence[tuple[str, Caller, str | None]]:
        """Every list that there is to look at, with what the look is called."""
        return [
            (f"{status or 'all'} keys for {caller.name}", caller, status)
            for status in (None, *STATUSES)
            for caller in self.callers
        ]

    def look_at_a_list(self) -> None:
        """Look at the keys of one caller in one state: each time others, unless one is sought."""
        lists = self.lists
        sought = [each for each in lists if self.stories.seeks(each[0])]
        look, caller, status = sought[0] if sought else lists[self.looks % len(lists)]
        self.looks += 1
        if not self.stories.wants(look):
            return
        states = {
            key.id: key.status(self.now)
            for key in self.models
            if not key.deleted and key.is_met_by(caller.organization, caller.site_ids)
        }
        query = urlencode({"q": self.mark, "limit": 100} | ({"status": status} if status else {}))
        exchange = self.ask(caller.api, "GET", f"{KEYS}?{query}", look=look)
        self.stories.demand(exchange, OK)
        page = exchange.json
        expected = {key_id for key_id, state in states.items() if status in {None, state}}
        if sorted(key["id"] for key in page["data"]) != sorted(expected):
            self.stories.fail(exchange, f"other keys are shown than there are: {look}")
        counts = dict.fromkeys(STATUSES, 0) | Counter(states.values())
        if page["counts"] != counts:
            told = f"{caller.name} is told of {page['counts']} keys"
            self.stories.fail(exchange, f"{told}, and there are {counts}")

    # --- how ---------------------------------------------------------------------------------

    def owner_of(self, key: ModelKey) -> Caller:
        return next(c for c in self.callers if c.organization == key.organization)

    def outcome_for(self, caller: Caller, key: ModelKey, table: Callable[[], Outcome]) -> Outcome:
        """Answer what the table says, unless the key is absent to the caller."""
        return table() if key.is_met_by(caller.organization, caller.site_ids) else NOT_FOUND

    def use_of(self, key: ModelKey, value: str) -> Outcome:
        """Answer what comes of using a value, and have the kit know in what state it is."""
        outcome = key.use(value, self.now)
        self.kit.vault.mark(value, STATE_OF_CODE[outcome.code])
        return outcome

    def ask(
        self, api: Api, method: str, target: str, body: Any = None, /, *, look: str | None
    ) -> Exchange:
        return self.stories.ask(api, described(method, target, body), look)

    def demand(self, exchange: Exchange, outcome: Outcome, key: ModelKey) -> None:
        self.stories.demand(exchange, outcome)
        if outcome is OK:
            self.demand_shown(exchange, key)

    def demand_shown(self, exchange: Exchange, key: ModelKey) -> None:
        expected = key.resource(self.now)
        if not self.knows_the_time:
            expected = {name: value for name, value in expected.items() if name not in TIMES}
        seen = shown(exchange.json, expected)
        for name, value in expected.items():
            if seen[name] != value:
                text = f"{name} is {plain(seen[name])}, and should be {plain(value)}"
                self.stories.fail(exchange, text)


def path(key: ModelKey) -> str:
    return f"{KEYS}/{key.id}"


def plain(value: Any) -> Any:
    """Answer a member as the API spells it: sets as lists."""
    return sorted(value) if isinstance(value, frozenset) else value
