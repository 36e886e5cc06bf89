"""Random lives of several keys of several organisations, held against the state table."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, precondition, rule

from keyfob_contract.generated.lifecycle import (
    DAY_MS,
    DEFAULT_RATE_LIMIT,
    NOT_FOUND,
    OK,
    ModelKey,
    Outcome,
    spelt,
)
from keyfob_contract.generated.looks import KeyLooks, path, plain
from keyfob_contract.generated.story import Caller
from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.paths import KEYS
from keyfob_contract.run.api import Api

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
CALLERS = st.integers(0, 5)  # the first half stands for whoever the key belongs to


class KeyLives(KeyLooks):
    """Several keys at once; what each may answer is worked out by ``ModelKey``.

    What a step has touched is looked at at once, from all sides; everything, at the end of a life.
    """

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.touched: list[ModelKey] = []
        if self.knows_the_time:
            self.kit.clock.wait(HOUR_MS / 1000)

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

    # --- how ---------------------------------------------------------------------------------

    def caller(self, who: int, key: ModelKey) -> Caller:
        """Answer somebody who is about to do something to a key: the owner every other time."""
        self.touched.append(key)
        return self.callers[who] if who < len(self.callers) else self.owner_of(key)

    def patch(self, caller: Caller, key: ModelKey, changes: Mapping[str, Any]) -> None:
        outcome = self.outcome_for(caller, key, lambda: key.edit(changes, self.now))
        self.demand(self.act(caller.api, "PATCH", path(key), as_body(changes)), outcome, key)

    def act(self, api: Api, method: str, target: str, body: Any = None) -> Exchange:
        return self.ask(api, method, target, body, look=None)

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


def as_body(members: Mapping[str, Any]) -> dict[str, Any]:
    body = {name: plain(member) for name, member in members.items()}
    return {**body, "expiresAt": spelt(members["expiresAt"])} if "expiresAt" in members else body
