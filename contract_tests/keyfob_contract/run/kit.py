"""All that a check works with."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.profile import Profile
from keyfob_contract.rules.spec import Contract, Operation
from keyfob_contract.run.api import Api
from keyfob_contract.run.authority import Authority, Patience
from keyfob_contract.run.dead import DeadCredentials
from keyfob_contract.run.inspector import Inspector
from keyfob_contract.run.journal import Journal
from keyfob_contract.run.keyring import Key, Keyring
from keyfob_contract.run.resources import Resources
from keyfob_contract.run.samples import Samples
from keyfob_contract.run.state import VisibleState
from keyfob_contract.run.sweep import sweep
from keyfob_contract.run.vault import Vault
from keyfob_contract.wire.clocks import Clock
from keyfob_contract.wire.message import Request
from keyfob_contract.wire.target import Target


@dataclass(frozen=True)
class Subject:
    """What is held against the contract.

    Attributes:
        name: what it is called in reports: its URL, or this process.
        admin_key: a key of it that holds every scope on every site.
        other_admin_key: the same of another organisation, if there is one.
    """

    name: str
    target: Target
    clock: Clock
    admin_key: str
    other_admin_key: str | None = None


@dataclass(frozen=True)
class Effort:
    """How much is generated.

    Attributes:
        cases: how many requests are generated.
        lives: how many stories of keys are tried, of at most ``steps`` steps each.
        seed: of all that is random.
        deadline: answers how many seconds are left, None for as long as it takes.
    """

    cases: int = 1000
    lives: int = 20
    steps: int = 25
    seed: int = 1
    seconds_left: Callable[[], float | None] = field(default=lambda: None)


class OutOfTime(Exception):
    """The run has taken as long as it may."""


class Kit:
    """The subject, the contract, and what a run has made so far.

    Attributes:
        admin: the subject as the key that was given sees it; used to begin and to clean up.
        prepared: what checks have done beforehand, by their names.
        mark: what the names of all things begin with that this run makes.
        cut_short: why the run ends before its checks do; empty as long as it goes on.

    Args:
        only_operations: operationIds, to which checks that walk the operations keep; none for all.
        notice: is told, for people, what takes longer than anybody expects.
    """

    def __init__(
        self,
        subject: Subject,
        contract: Contract,
        *,
        mark: str,
        effort: Effort | None = None,
        keep_all: bool = False,
        only_operations: frozenset[str] = frozenset(),
        notice: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.subject = subject
        self.contract = contract
        self.mark = mark
        self.effort = effort or Effort()
        self.cut_short = ""
        self.clock = subject.clock
        self.rng = random.Random(self.effort.seed)
        self.vault = Vault(contract.profile.credentials)
        self.journal = Journal(contract.profile, self.vault, keep_all=keep_all)
        self.inspector = Inspector(subject.target, contract, self.vault, self.journal)
        self._patience = Patience(self.clock, self.effort.seconds_left, notice)
        self.admin = self._authority(subject.admin_key, "ADMIN_KEY", "the admin key")
        self.keyring = Keyring(self.admin, mark)
        self.dead = DeadCredentials(contract, self.keyring, self.vault, self.clock)
        self.resources = Resources(contract, self.keyring, self.clock, mark)
        self.samples = Samples(contract, self.resources, self.rng)
        self.prepared: dict[str, Any] = {}
        self.summary: list[str] = []
        self._only_operations = only_operations
        self._tokens = 0

    @property
    def profile(self) -> Profile:
        """What the contract's file cannot say."""
        return self.contract.profile

    @cached_property
    def runner(self) -> Key:
        """The run's own key, which holds all that the admin's does, and which nothing may harm."""
        return self.keyring.engage(self.admin, "runner")

    @cached_property
    def other(self) -> Api | None:
        """The subject as a key of another organisation sees it, if one of its keys was given."""
        runner = self.other_runner
        return None if runner is None else runner.api

    @cached_property
    def other_runner(self) -> Key | None:
        """The run's own key of another organisation, if one of its keys was given."""
        given = self._other_admin
        return None if given is None else self.keyring.engage(given, "other organisation")

    @property
    def live(self) -> Api:
        """The subject as the run's own key sees it."""
        return self.runner.api

    @property
    def nobody(self) -> Api:
        """The subject as it is seen without a key."""
        return self.admin.with_value(None)

    def asker(self, operation: Operation) -> Api:
        """Answer who is to ask for an operation: nobody where no key is needed."""
        return self.live if operation.needs_key else self.nobody

    def operations(self, *, needing_a_key: bool = True) -> Sequence[Operation]:
        """Answer the operations of the contract that are to be tried, in its order."""
        only = self._only_operations
        chosen = [o for o in self.contract.operations if not only or o.id in only]
        return [o for o in chosen if o.needs_key or not needing_a_key]

    def demand_time(self) -> None:
        """Raises OutOfTime if the budget is used up, or the run has to end for another reason."""
        left = self.effort.seconds_left()
        if self.cut_short or (left is not None and left <= 0):
            raise OutOfTime(self.cut_short or "the budget was used up")

    def token(self) -> str:
        """Answer an Idempotency-Key that nobody has used."""
        self._tokens += 1
        return f"{self.mark}-{self._tokens}"

    def scopes(self) -> Sequence[str]:
        """Answer every scope of the contract."""
        schema = self.contract.document.spec["components"]["schemas"].get("Scope", {})
        named = {o.required_scope for o in self.contract.operations if o.required_scope}
        return list(schema.get("enum") or sorted(named))

    def state(self, api: Api | None = None) -> VisibleState:
        """Look at everything that this run made."""
        volatile, passing = self.profile.keys.volatile, self.dead.short_lived
        return VisibleState(api or self.live, self.resources, volatile, passing)

    def ask_at(self, due_ms: int, api: Api, request: Request) -> Callable[[], Exchange]:
        """Have a request sent at a time of ``clock``, while the run goes on."""
        return self.inspector.ask_at(self.clock, due_ms, request.with_headers(*api.headers))

    def adopt(self, operation: Operation, exchange: Exchange, by: Api | None = None) -> str:
        """Take charge of what an exchange has created, and answer its id.

        It is empty if no path of the contract names such things.

        Args:
            by: who made it; the run's own key without it.
        """
        maker = by or self.live
        if operation.id == self.profile.keys.mint:
            return self.keyring.adopt(exchange, maker).id
        return self.resources.adopt(maker, operation, exchange)

    def clean_up(self) -> list[str]:
        """Remove what the run made, and answer what stays."""
        self._patience.forget_the_budget()
        things = self.resources.remove_all()
        keys = self.keyring.remove_all()
        apis = [each for each in (self.admin, self._other_admin) if each is not None]
        found = sweep(self.contract, self.resources.collections.values(), apis, self.mark)
        return list(dict.fromkeys([*things, *keys, *found]))

    @cached_property
    def _other_admin(self) -> Authority | None:
        value = self.subject.other_admin_key
        if value is None:
            return None
        return self._authority(value, "OTHER_ADMIN_KEY", "the other organisation's key")

    def _authority(self, value: str, variable: str, name: str) -> Authority:
        self.vault.keep(value, variable)
        return Authority(self.inspector, value, name, self._patience)
