"""Things for generated requests to meet: real, in every state, and never the run's own."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from keyfob_contract.rules.exchange import NOTHING, Exchange, at_pointer
from keyfob_contract.rules.expectation import named_values
from keyfob_contract.rules.spec import Operation, segments_of
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.resources import Collection
from keyfob_contract.run.state import GONE
from keyfob_contract.wire.message import Request

FEWEST = 2
MOST = 24
TRACED = 3
SHARE_OF_FITTING = 0.7  # the rest meets refusals
EXPIRED = "expired"
CHANGED = "changed by what was refused"


@dataclass
class Thing:
    """Something that exists.

    Attributes:
        deed: operationId of what was last done to it, on which depends what can be done next.
    """

    id: str
    deed: str


class Cast:
    """Knows things by the path parameters that name them, and learns what can be done to which.

    Attributes:
        made: ids of the things that it made by itself, whatever was generated.
    """

    def __init__(self, kit: Kit, rng: random.Random) -> None:
        self._kit = kit
        self._rng = rng
        self._collections = kit.resources.collections
        self._things: dict[str, list[Thing]] = {name: [] for name in self._collections}
        self._successes: Counter[tuple[str, str]] = Counter()
        self._failures: Counter[tuple[str, str]] = Counter()
        self.made: set[str] = set()
        self._add_traced_requests()
        self.fill()
        if kit.dead.has_expired_keys:
            self._things[self._parameter_of_keys].append(Thing(kit.dead.expired_key().id, EXPIRED))

    def one_for(self, operation: Operation, parameter: str) -> str | None:
        """Answer the id of a thing, mostly one on which the operation may succeed."""
        if not operation.path.endswith(f"{{{parameter}}}") and self._is_parent(
            operation, parameter
        ):
            return self._kit.resources.one(self._kit.live, parameter)
        things = self._things.get(parameter, [])
        if self._rng.random() < SHARE_OF_FITTING:
            proven = [t for t in things if self._successes[operation.id, t.deed]]
            things = proven or self._least_failed(operation, things)
        return self._rng.choice(things).id if things else None

    def any_of(self, parameter: str) -> str | None:
        """Answer the id of a thing, whatever was done to it."""
        things = self._things.get(parameter, [])
        return self._rng.choice(things).id if things else None

    def is_harmless(self, request: Request) -> bool:
        """Say whether a request leaves alone the keys with which the run itself goes on."""
        named = set(segments_of(request.path)) & self._kit.keyring.ids
        return named <= {thing.id for things in self._things.values() for thing in things}

    def note(self, exchange: Exchange) -> None:
        """Learn from an exchange with a live key what exists, and what has become of it."""
        operation = exchange.expected.operation
        if operation is None or exchange.request.method != operation.method:
            return
        thing = self._named(operation, exchange)
        if thing is not None and exchange.status in {404, 409}:
            self._failures[operation.id, thing.deed] += 1
        if operation.is_safe or exchange.status >= 300:
            return
        if thing is not None:
            self._successes[operation.id, thing.deed] += 1
            thing.deed = operation.id
            if operation.method == "DELETE":
                self._kit.keyring.forget(thing.id)
                self._kit.resources.forget(thing.id)
                self._forget(thing)
        for collection in self._collections.values():
            if collection.maker.id == operation.id:
                self._adopt(collection, exchange)

    def lose(self, differing: Sequence[str]) -> None:
        """Learn that things have changed, or are gone, though nothing should have come of it."""
        for change in differing:
            where, _, what = change.partition(" ")
            named = where.rpartition("/")[2]
            for thing in [t for things in self._things.values() for t in things if t.id == named]:
                thing.deed = CHANGED
                if what == GONE:
                    self._forget(thing)
        self.fill()

    def trim(self) -> None:
        """Keep not too many things of each kind."""
        for parameter, collection in self._collections.items():
            for thing in self._things[parameter][:-MOST]:
                self._remove(collection, thing)

    def fill(self) -> None:
        """Have some things of each kind that are as they were made, and some revoked keys."""
        for parameter, collection in self._collections.items():
            things = self._things[parameter]
            if sum(thing.deed == collection.maker.id for thing in things) < FEWEST:
                things += [self._fresh(collection) for _ in range(FEWEST)]
            if self._is_keys(collection):
                self._keep_revoked_keys(things)

    def clear(self) -> None:
        """Remove what can be removed."""
        for parameter, collection in self._collections.items():
            for thing in list(self._things[parameter]):
                self._remove(collection, thing)

    def _least_failed(self, operation: Operation, things: list[Thing]) -> list[Thing]:
        fewest = min((self._failures[operation.id, thing.deed] for thing in things), default=0)
        return [t for t in things if self._failures[operation.id, t.deed] == fewest]

    def _is_parent(self, operation: Operation, parameter: str) -> bool:
        """Say whether a thing is named only as the place where another one is."""
        inner = operation.path.partition(f"{{{parameter}}}/")[2]
        places = {c.path for c in self._collections.values()}
        return "{" in inner or operation.path in places

    def _named(self, operation: Operation, exchange: Exchange) -> Thing | None:
        segments = segments_of(exchange.request.path)
        values = named_values(operation.template, segments) or {}
        for parameter, value in reversed(values.items()):
            for thing in self._things.get(parameter, []):
                if thing.id == value:
                    return thing
        return None

    def _adopt(self, collection: Collection, exchange: Exchange) -> None:
        kit = self._kit
        things = self._things[collection.parameter]
        made = at_pointer(exchange.json, collection.id_pointer)
        known = {thing.id for thing in things} | self._kit.keyring.ids
        if made is NOTHING or str(made) in known:
            return  # a repeated attempt; or no creation at all, which others complain of
        if not self._is_keys(collection):
            kit.resources.adopt(kit.live, collection.maker, exchange)
        elif isinstance(at_pointer(exchange.json, kit.profile.keys.value), str):
            kit.keyring.adopt(exchange, kit.live)
        else:
            return
        things.append(Thing(str(made), collection.maker.id))

    def _fresh(self, collection: Collection) -> Thing:
        made = self._kit.resources.fresh(self._kit.live, collection.parameter)
        self.made.add(made)
        return Thing(made, collection.maker.id)

    def _keep_revoked_keys(self, things: list[Thing]) -> None:
        keys = self._kit.profile.keys
        if keys.revoke is None or sum(thing.deed == keys.revoke for thing in things) >= FEWEST:
            return
        for _ in range(FEWEST):
            key = self._kit.keyring.make("thing", self._kit.live)
            self._kit.keyring.revoke(key)
            self.made.add(key.id)
            things.append(Thing(key.id, keys.revoke))

    def _remove(self, collection: Collection, thing: Thing) -> None:
        if self._is_keys(collection):
            self._kit.keyring.remove(thing.id)
        else:
            self._kit.resources.remove(thing.id)  # what cannot be deleted is left over
        self._forget(thing)

    def _forget(self, thing: Thing) -> None:
        for things in self._things.values():
            if thing in things:
                things.remove(thing)

    @property
    def _parameter_of_keys(self) -> str:
        return next(name for name, c in self._collections.items() if self._is_keys(c))

    def _is_keys(self, collection: Collection) -> bool:
        return collection.maker.id == self._kit.profile.keys.mint

    def _add_traced_requests(self) -> None:
        """Have a key that nobody else uses make requests, so that their traces stay."""
        kit = self._kit
        tracer = kit.contract.by_id.get(kit.profile.request_id.traced_by or "")
        if tracer is None or kit.profile.keys.prove not in kit.contract.by_id:
            return
        witness = kit.keyring.lend("witness").api
        for parameter in tracer.path_values:
            traced = [kit.resources.fresh(witness, parameter) for _ in range(TRACED)]
            self._things[parameter] = [Thing(each, "") for each in traced]
