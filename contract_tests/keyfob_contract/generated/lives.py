"""Random lives of several keys of several organisations, held against the state table."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from keyfob_contract.generated.lifecycle import (
    DAY_MS,
    DEFAULT_RATE_LIMIT,
    NOT_FOUND,
    OK,
    TIMES,
    ModelKey,
    Outcome,
    shown,
    spelt,
)
from keyfob_contract.generated.story import Caller, Stories
from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.paths import CURRENT, KEYS
from keyfob_contract.run.api import Api, described
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.vault import State
from keyfob_contract.wire.clocks import SteppingClock

VERIFY = f"{KEYS}/verify"
HOUR_MS = 3_600_000
LONG_MS = st.sampled_from([DAY_MS, 30 * DAY_MS, 400 * DAY_MS])
SHORT_MS = st.sampled_from([1, 1000, HOUR_MS])
EXPIRIES = st.none() | SHORT_MS | LONG_MS
NAMES = st.sampled_from(["a", "B", "ß", "%_"])
SCOPES = st.frozensets(
    st.sampled_from(["keys:read", "keys:write", "sites:read", "visitors:read"]), min_size=1
)
SITE_NUMBERS = st.sampled_from([frozenset({"*"}), frozenset({0}), frozenset({0, 1})])
REASONS = st.sampled_from(["unused", "compromised", "temporary", "other"])
RATE_LIMITS = st.fixed_dictionaries(
    {},
    optional={"requests": st.integers(10_000, 1_000_000), "windowSeconds": st.integers(1, 60)},
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "description": st.sampled_from([None, "", "words"]),
        "scopes": SCOPES,
        "siteIds": SITE_NUMBERS,
        "rateLimit": st.none() | RATE_LIMITS,
    },
)
STATUSES = ("active", "expired", "revoked")
CALLERS = st.integers(0, 5)  # the first half stands for whoever the key belongs to
STATE_OF_CODE = {
    None: State.LIVE,
    "API_KEY_ROTATED": State.ROTATED,
    "API_KEY_EXPIRED": State.EXPIRED,
    "API_KEY_REVOKED": State.REVOKED,
    "API_KEY_INVALID": State.DELETED,
}


class KeyLives(RuleBasedStateMachine):
    """Several keys at once; what each may answer is worked out by ``ModelKey``.

    What a step has touched is looked at at once, from all sides; everything, at the end of a life.

    Attributes:
        callers: of each organisation first the one that owns its keys, who may do everything.
        sites: of each organisation.
    """

    kit: ClassVar[Kit]
    stories: ClassVar[Stories]
    callers: ClassVar[Sequence[Caller]]
    sites: ClassVar[Mapping[str, Sequence[str]]]
    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.models: list[ModelKey] = []
        self.touched: list[ModelKey] = []
        self.looks = 0
        self.stories.begin()
        self.mark = f"{self.kit.token()} "  # names of no other life contain it
        if self.knows_the_time:
            self.kit.clock.wait(HOUR_MS / 1000)

    @property
    def now(self) -> int:
        return self.kit.clock()

    @property
    def knows_the_time(self) -> bool:
        """Whether the implementation's clock is ours."""
        return isinstance(self.kit.clock, SteppingClock)

    # --- what happens to keys ----------------------------------------------------------------

    @rule(target=keys, who=CALLERS, name=NAMES, scopes=SCOPES, sites=SITE_NUMBERS, expiry=EXPIRIES)
    def create(
        self,
        who: int,
        name: str,
        scopes: frozenset[str],
        sites: frozenset[Any],
        expiry: int | None,
    ) -> ModelKey:
        owners = [caller for caller in self.callers if "*" in caller.site_ids]
        owner = owners[who % len(owners)]
        plain = {"name": name, "scopes": scopes, "siteIds": sites, "expiresAt": self.later(expiry)}
        members = self.resolved(owner.organization, plain)
        exchange = self.act(owner.api, "POST", KEYS, as_body(members))
        self.stories.demand(exchange, Outcome(201))
        made = self.kit.keyring.adopt(exchange, owner.api)
        full = {"description": None, "rateLimit": DEFAULT_RATE_LIMIT, **members}
        key = ModelKey(made.id, owner.organization, full, [made.value], self.now, owner.key_id)
        self.models.append(key)
        self.touched.append(key)
        self.demand_shown(exchange, key)
        return key

    @rule(key=keys, changes=CHANGES)
    def edit(self, key: ModelKey, changes: dict[str, Any]) -> None:
        self.touched.append(key)
        self.patch(self.owner_of(key), key, self.resolved(key.organization, changes))

    @rule(key=keys, who=CALLERS, expiry=EXPIRIES)
    def change_expiry(self, key: ModelKey, who: int, expiry: int | None) -> None:
        self.patch(self.caller(who, key), key, {"expiresAt": self.later(expiry)})

    @rule(key=keys)
    def change_expiry_to_the_past(self, key: ModelKey) -> None:
        body = {"expiresAt": spelt(self.now - DAY_MS)}
        self.touched.append(key)
        exchange = self.act(self.owner_of(key).api, "PATCH", path(key), body)
        self.stories.demand(exchange, Outcome(400, "VALIDATION_FAILED"))

    @rule(key=keys, who=CALLERS)
    def rotate(self, key: ModelKey, who: int) -> None:
        caller = self.caller(who, key)
        outcome = self.outcome_for(caller, key, lambda: key.rotate(self.now))
        exchange = self.act(caller.api, "POST", f"{path(key)}/rotate")
        self.stories.demand(exchange, outcome)
        if outcome is OK:
            value = str(exchange.json.get("key"))
            if value in {v for model in self.models for v in model.values}:
                self.stories.fail(exchange, "a rotation handed out a value that was there before")
            key.values.append(value)
            self.demand_shown(exchange, key)

    @rule(key=keys, who=CALLERS, reason=REASONS)
    def revoke(self, key: ModelKey, who: int, reason: str) -> None:
        caller = self.caller(who, key)
        outcome = self.outcome_for(caller, key, lambda: key.revoke(reason, self.now))
        exchange = self.act(caller.api, "POST", f"{path(key)}/revoke", {"reason": reason})
        self.demand(exchange, outcome, key)

    @rule(key=keys, who=CALLERS)
    def reactivate(self, key: ModelKey, who: int) -> None:
        caller = self.caller(who, key)
        outcome = self.outcome_for(caller, key, lambda: key.reactivate(self.now))
        self.demand(self.act(caller.api, "POST", f"{path(key)}/reactivate"), outcome, key)

    @rule(key=keys, who=CALLERS)
    def delete(self, key: ModelKey, who: int) -> None:
        caller = self.caller(who, key)
        outcome = self.outcome_for(caller, key, lambda: key.delete(self.now))
        self.stories.demand(self.act(caller.api, "DELETE", path(key)), outcome)

    @rule(user=keys, victim=keys, data=st.data())
    def let_a_value_revoke(self, user: ModelKey, victim: ModelKey, data: st.DataObject) -> None:
        value = data.draw(st.sampled_from(user.values), label="value")
        outcome = self.use_of(user, value)
        sites = user.members["siteIds"]
        if outcome is OK and "keys:write" not in user.members["scopes"]:
            outcome = Outcome(403, "SCOPE_INSUFFICIENT")
        elif outcome is OK and not victim.is_met_by(user.organization, sites):
            outcome = NOT_FOUND
        elif outcome is OK:
            outcome = victim.revoke("other", self.now)
        holder = self.owner_of(user).api.with_value(value)
        self.touched += [user, victim]
        self.demand(self.act(holder, "POST", f"{path(victim)}/revoke"), outcome, victim)

    @precondition(lambda self: self.knows_the_time)
    @rule(milliseconds=st.sampled_from([1, 1000, HOUR_MS, DAY_MS, 100 * DAY_MS]))
    def let_time_pass(self, milliseconds: int) -> None:
        self.kit.clock.wait(milliseconds / 1000)
        self.touched += self.models

    # --- what must hold after every step -----------------------------------------------------

    @invariant()
    def what_was_touched_is_as_the_table_says(self) -> None:
        self.stories.steps += 1
        touched, self.touched = self.touched, []
        for index, key in enumerate(touched):
            if key not in touched[:index]:
                self.look_at(key)
        self.look_at_a_list()

    def teardown(self) -> None:
        if self.stories.is_going_well:
            for key in self.models:
                self.look_at(key)
            for _ in self.lists:
                self.look_at_a_list()
        if self.stories.worst is None:  # else there is no time for that now
            for key in self.models:
                self.kit.keyring.remove(key.id)

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

    def caller(self, who: int, key: ModelKey) -> Caller:
        """Answer somebody who is about to do something to a key: the owner every other time."""
        self.touched.append(key)
        return self.callers[who] if who < len(self.callers) else self.owner_of(key)

    def outcome_for(self, caller: Caller, key: ModelKey, table: Callable[[], Outcome]) -> Outcome:
        """Answer what the table says, unless the key is absent to the caller."""
        return table() if key.is_met_by(caller.organization, caller.site_ids) else NOT_FOUND

    def use_of(self, key: ModelKey, value: str) -> Outcome:
        """Answer what comes of using a value, and have the kit know in what state it is."""
        outcome = key.use(value, self.now)
        self.kit.vault.mark(value, STATE_OF_CODE[outcome.code])
        return outcome

    def patch(self, caller: Caller, key: ModelKey, changes: Mapping[str, Any]) -> None:
        outcome = self.outcome_for(caller, key, lambda: key.edit(changes, self.now))
        self.demand(self.act(caller.api, "PATCH", path(key), as_body(changes)), outcome, key)

    def act(self, api: Api, method: str, target: str, body: Any = None) -> Exchange:
        return self.ask(api, method, target, body, look=None)

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
                text = f"{name} is {_plain(seen[name])}, and should be {_plain(value)}"
                self.stories.fail(exchange, text)

    def later(self, milliseconds: int | None) -> int | None:
        """Answer a time to come; without our hand on the clock, never so soon that it passes."""
        if milliseconds is None:
            return None
        return self.now + (milliseconds if self.knows_the_time else milliseconds + DAY_MS)

    def resolved(self, organization: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Put real sites in the place of their numbers, and names of this life in that of names."""
        found = dict(members)
        if "siteIds" in found:
            known = self.sites[organization]
            sites = (site if site == "*" else known[site] for site in found["siteIds"])
            found["siteIds"] = frozenset(sites)
        if "name" in found:
            found["name"] = self.mark + found["name"]
        return found


def path(key: ModelKey) -> str:
    return f"{KEYS}/{key.id}"


def as_body(members: Mapping[str, Any]) -> dict[str, Any]:
    body = {name: _plain(member) for name, member in members.items()}
    return {**body, "expiresAt": spelt(members["expiresAt"])} if "expiresAt" in members else body


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
