"""Random lives of several keys, held against the state table after every step."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import seed as use_seed
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keyfob_contract.clocks import SteppingClock
from keyfob_contract.conformance import error_of
from keyfob_contract.credentials import KEYS, Keyring, remove
from keyfob_contract.inspector import Api
from keyfob_contract.lifecycle import (
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
from keyfob_contract.population import SITES
from keyfob_contract.subject import Subject
from keyfob_contract.target import Reply

LIVES = 20
STEPS = 25
HOUR_MS = 3_600_000
MARK = "kit-story"
LONG_MS = st.sampled_from([DAY_MS, 30 * DAY_MS, 400 * DAY_MS])
SHORT_MS = st.sampled_from([1, 1000, HOUR_MS])
NAMES = st.sampled_from(["a", "B", "ß", "%_"]).map(lambda name: f"{MARK} {name}")
SCOPES = st.frozensets(
    st.sampled_from(["keys:read", "keys:write", "sites:read", "visitors:read"]), min_size=1
)
SITE_NUMBERS = st.sampled_from([frozenset({"*"}), frozenset({0}), frozenset({0, 1})])
REASONS = st.sampled_from(["unused", "compromised", "temporary", "other"])
RATE_LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "requests": st.integers(10_000, 1_000_000),
        "windowSeconds": st.integers(1, 60),
    },
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
IMPATIENCE = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
EXPIRIES = st.none() | SHORT_MS | LONG_MS


class KeyLives(RuleBasedStateMachine):
    """Several keys at once; what each may answer is worked out by ``ModelKey``."""

    subject: ClassVar[Subject]
    api: ClassVar[Api]
    own_id: ClassVar[str]
    sites: ClassVar[list[str]]
    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.models: list[ModelKey] = []
        self.forget_everything()

    @property
    def now(self) -> int:
        return self.subject.clock()

    @property
    def knows_the_time(self) -> bool:
        """Whether the implementation's clock is ours."""
        return isinstance(self.subject.clock, SteppingClock)

    def forget_everything(self) -> None:
        for key in self.api.must(200, "GET", KEYS, q=MARK, limit=100)["data"]:
            remove(self.api, key["id"])
        self.subject.clock.wait(HOUR_MS / 1000 if self.knows_the_time else 0)

    # --- rules: what happens to keys --------------------------------------------------------

    @rule(target=keys, name=NAMES, scopes=SCOPES, sites=SITE_NUMBERS, expiry=EXPIRIES)
    def create(
        self, name: str, scopes: frozenset[str], sites: frozenset[Any], expiry: int | None
    ) -> ModelKey:
        members = self.resolved({"name": name, "scopes": scopes, "siteIds": sites})
        members["expiresAt"] = self.later(expiry)
        made = self.api.must(201, "POST", KEYS, as_body(members))
        full = {"description": None, "rateLimit": DEFAULT_RATE_LIMIT, **members}
        model = ModelKey(made["id"], full, [made["key"]], self.now, self.own_id)
        self.models.append(model)
        self.demand_shown(made, model)
        return model

    @rule(key=keys, changes=CHANGES)
    def edit(self, key: ModelKey, changes: dict[str, Any]) -> None:
        self.patch(key, self.resolved(changes))

    @rule(key=keys, expiry=EXPIRIES)
    def change_expiry(self, key: ModelKey, expiry: int | None) -> None:
        self.patch(key, {"expiresAt": self.later(expiry)})

    @rule(key=keys)
    def change_expiry_to_the_past(self, key: ModelKey) -> None:
        body = {"expiresAt": spelt(self.now - DAY_MS)}
        self.demand(self.api("PATCH", path(key), body), Outcome(400, "VALIDATION_FAILED"))

    @rule(key=keys)
    def rotate(self, key: ModelKey) -> None:
        outcome = key.rotate(self.now)
        reply = self.api("POST", f"{path(key)}/rotate")
        self.demand(reply, outcome)
        if outcome is OK:
            value = reply.json["key"]
            assert value not in {v for model in self.models for v in model.values}
            key.values.append(value)
            self.demand_shown(reply.json, key)

    @rule(key=keys, reason=REASONS)
    def revoke(self, key: ModelKey, reason: str) -> None:
        outcome = key.revoke(reason, self.now)
        self.demand(self.api("POST", f"{path(key)}/revoke", {"reason": reason}), outcome, key)

    @rule(key=keys)
    def reactivate(self, key: ModelKey) -> None:
        outcome = key.reactivate(self.now)
        self.demand(self.api("POST", f"{path(key)}/reactivate"), outcome, key)

    @rule(key=keys)
    def delete(self, key: ModelKey) -> None:
        outcome = key.delete(self.now)
        self.demand(self.api("DELETE", path(key)), outcome)

    @rule(caller=keys, victim=keys, data=st.data())
    def let_a_value_revoke(self, caller: ModelKey, victim: ModelKey, data: st.DataObject) -> None:
        value = data.draw(st.sampled_from(caller.values), label="value")
        outcome = caller.use(value, self.now)
        if outcome is OK and "keys:write" not in caller.members["scopes"]:
            outcome = Outcome(403, "SCOPE_INSUFFICIENT")
        elif outcome is OK and not caller.covers(victim):
            outcome = NOT_FOUND
        elif outcome is OK:
            outcome = victim.revoke("other", self.now)
        reply = self.api.with_value(value)("POST", f"{path(victim)}/revoke")
        self.demand(reply, outcome, victim)

    @precondition(lambda self: self.knows_the_time)
    @rule(milliseconds=st.sampled_from([1, 1000, HOUR_MS, DAY_MS, 100 * DAY_MS]))
    def let_time_pass(self, milliseconds: int) -> None:
        self.subject.clock.wait(milliseconds / 1000)

    # --- what must hold after every step ----------------------------------------------------

    @invariant()
    def every_value_ever_handed_out_is_judged_by_the_table(self) -> None:
        for model in self.models:
            for value in model.values:
                outcome = model.use(value, self.now)
                self.demand(self.api.with_value(value)("GET", f"{KEYS}/current"), outcome, model)

    @invariant()
    def every_key_is_shown_as_it_should_be(self) -> None:
        for model in self.models:
            self.demand(self.api("GET", path(model)), model.view(), model)

    @invariant()
    def lists_and_counts_agree(self) -> None:
        living = [model for model in self.models if not model.deleted]
        statuses = {model.id: model.status(self.now) for model in living}
        counts = dict.fromkeys(("active", "expired", "revoked"), 0)
        counts |= Counter(statuses.values())
        for status in (None, *counts):
            page = self.api.must(200, "GET", KEYS, q=MARK, limit=100, status=status)
            expected = {i for i, s in statuses.items() if status in {None, s}}
            assert {key["id"] for key in page["data"]} == expected
            assert len(page["data"]) == len(expected)
            assert page["counts"] == counts
            created = [key["createdAt"] for key in page["data"]]
            assert created == sorted(created, reverse=True)

    def teardown(self) -> None:
        self.forget_everything()

    # --- how ---------------------------------------------------------------------------------

    def later(self, milliseconds: int | None) -> int | None:
        """Answer a time to come; without our hand on the clock, never so soon that it passes."""
        if milliseconds is None:
            return None
        return self.now + (milliseconds if self.knows_the_time else milliseconds + DAY_MS)

    def resolved(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Put real sites in the place of their numbers."""
        named = members.get("siteIds", frozenset())
        sites = frozenset("*" if site == "*" else self.sites[site] for site in named)
        return {**members, "siteIds": sites} if named else dict(members)

    def patch(self, key: ModelKey, changes: Mapping[str, Any]) -> None:
        outcome = key.edit(changes, self.now)
        self.demand(self.api("PATCH", path(key), as_body(changes)), outcome, key)

    def demand(self, reply: Reply, outcome: Outcome, key: ModelKey | None = None) -> None:
        assert (reply.status, error_of(reply).get("code")) == outcome, reply.body
        if key is not None and outcome is OK:
            self.demand_shown(reply.json, key)

    def demand_shown(self, resource: dict[str, Any], model: ModelKey) -> None:
        expected = model.resource(self.now)
        if not self.knows_the_time:
            expected = {name: value for name, value in expected.items() if name not in TIMES}
        assert shown(resource, expected) == expected


def path(key: ModelKey) -> str:
    return f"{KEYS}/{key.id}"


def as_body(members: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        name: sorted(member) if isinstance(member, frozenset) else member
        for name, member in members.items()
    }
    return {**body, "expiresAt": spelt(members["expiresAt"])} if "expiresAt" in members else body


@pytest.fixture(scope="module")
def lives(subject: Subject) -> Any:
    keyring = Keyring(subject.admin)
    own = keyring.make("lifecycle")
    api = subject.admin.with_value(own["key"])

    class Lives(KeyLives):
        pass

    Lives.subject, Lives.api, Lives.own_id = subject, api, own["id"]
    Lives.sites = [api.must(201, "POST", SITES, {"name": f"kit-{n}"})["id"] for n in range(2)]
    yield Lives
    keyring.remove_all()


def test_keys_live_and_die_by_the_state_table(lives: type[KeyLives], seed: int) -> None:
    run_state_machine_as_test(
        use_seed(seed)(lives),
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=IMPATIENCE,
        ),
    )
