"""The keys that a run makes for itself, by the operations that the profile names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keyfob_contract.rules.exchange import NOTHING, Exchange, at_pointer
from keyfob_contract.rules.profile import KeyProfile
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.api import Api, Unexpected, demand, described
from keyfob_contract.run.vault import State
from keyfob_contract.wire.message import Request


class NotPossible(Exception):
    """The contract has no way to make such a key; the message says why."""


@dataclass(frozen=True)
class Key:
    """A key that the run made.

    Attributes:
        record: what the reply to its creation said.
        api: the subject as the key's holder sees it.
        maker: the subject as its maker sees it.
    """

    id: str
    value: str
    record: Mapping[str, Any]
    api: Api
    maker: Api


class Keyring:
    """Makes keys, and removes them again.

    Args:
        admin: the subject as the key that was given sees it. It makes a key of the run's own, and
            that all others: others may use the one that was given, and its limit, too.
    """

    def __init__(self, admin: Api, mark: str) -> None:
        self._admin = admin
        self._maker = admin
        self._mark = mark
        self._profile: KeyProfile = admin.inspector.contract.profile.keys
        self._keys: list[Key] = []
        self._ends_at: str | None = None

    def has(self, *operations: str | None) -> bool:
        """Say whether the contract has all of these operations."""
        known = self._admin.inspector.contract.by_id
        return all(operation in known for operation in operations)

    def engage(self, given: Api, name: str) -> Key:
        """Make a key of the run's own that holds all that one does which was given.

        Without a way to make keys it is that one itself.

        Raises:
            Unexpected: the one that was given may not.
        """
        if self.has(self._profile.prove):
            prove = self.operation(self._profile.prove)
            mine = given.must(prove.success, prove.method, prove.path)
            if self._profile.expiry:  # nothing made here may outlive it
                ends = [self._ends_at, mine.get(self._profile.expiry)]
                self._ends_at = min(filter(None, ends), default=None)
        if not self.can_make:
            return Key("", given.value or "", {}, given, given)
        key = self.make(name, given)
        if given is self._admin:
            self._maker = key.api
        return key

    @property
    def can_make(self) -> bool:
        """Whether the contract has a way to make keys."""
        return self._profile.mint is not None

    def lend(self, name: str) -> Key:
        """Answer a live key for what does it no harm: a new one, or else the admin's."""
        if self.can_make:
            return self.make(name)
        return Key("", self._admin.value or "", {}, self._admin, self._admin)

    def make(self, name: str, by: Api | None = None, /, **members: Any) -> Key:
        """Make a key that holds all that the admin's does, but for ``members``.

        Raises:
            Unexpected: it was refused.
            NotPossible: the contract has no way to make keys.
        """
        operation = self.operation(self._profile.mint)
        maker = by or self._maker
        request = Request(operation.method, operation.path)
        exchange = maker.ask(request.with_json(self.body(name, **members)))
        demand(exchange, operation.success)
        return self.adopt(exchange, maker, name)

    def adopt(self, exchange: Exchange, maker: Api | None = None, name: str = "") -> Key:
        """Take charge of a key that an exchange has created. Raises Unexpected."""
        maker = maker or self._maker
        key_id = at_pointer(exchange.json, self._profile.id)
        value = at_pointer(exchange.json, self._profile.value)
        if key_id is NOTHING or not isinstance(value, str):
            raise Unexpected(exchange, "the reply holds no id or no value of the new key")
        self._admin.inspector.vault.keep(value, name)
        key = Key(str(key_id), value, exchange.json, maker.with_value(value), maker)
        self._keys.append(key)
        return key

    def pair(self, name: str, /, **members: Any) -> tuple[Key, Key]:
        """Make two keys alike."""
        return self.make(f"{name} 1", **members), self.make(f"{name} 2", **members)

    def body(self, name: str, /, **members: Any) -> dict[str, Any]:
        """Answer what creates a key of that name."""
        operation = self.operation(self._profile.mint)
        examples = operation.body.examples if operation.body else ()
        body = dict(self._profile.body or (examples[0] if examples else {}))
        if isinstance(body.get(self._profile.name), str):
            body[self._profile.name] = f"{self._mark} {name}"
        if self._profile.expiry and self._ends_at:
            body[self._profile.expiry] = self._ends_at
        return body | members

    def act(self, action: str | None, key: Key, body: Any = None) -> Any:
        """Do something to a key, by the operationId, and answer the reply's JSON.

        Raises:
            Unexpected: it was refused.
            NotPossible: the contract has no such operation.
        """
        operation = self.operation(action)
        exchange = key.maker.ask(_aimed(operation, key, body))
        demand(exchange, operation.success)
        return exchange.json

    def rotate(self, key: Key) -> str:
        """Rotate a key and answer its new value."""
        reply = self.act(self._profile.rotate, key)
        value = str(at_pointer(reply, self._profile.value))
        self._admin.inspector.vault.keep(value, "rotated to")
        return value

    def revoke(self, key: Key, body: Any = None) -> None:
        """Revoke a key."""
        self.act(self._profile.revoke, key, body)

    def delete(self, key: Key) -> None:
        """Delete a key, revoked first if that is the rule."""
        if self._profile.revoke_first:
            self.act(self._profile.revoke, key)
        self.act(self._profile.delete, key)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all keys that were made."""
        return frozenset(key.id for key in self._keys)

    def remove(self, key_id: str) -> None:
        """Delete one of the keys that were made, and forget it, unless it stays."""
        left = self._removed([key for key in self._keys if key.id == key_id])
        self._keys = [key for key in self._keys if key.id != key_id or key.id in left]

    def forget(self, key_id: str) -> None:
        """Leave alone a key that is gone."""
        self._keys = [key for key in self._keys if key.id != key_id]

    def remove_all(self) -> list[str]:
        """Delete what was made, but for what is gone already; answer the ids of what stays."""
        keys, self._keys = self._keys, []
        return self._removed(keys)

    def _removed(self, keys: Sequence[Key]) -> list[str]:
        """Kill keys and delete them, as far as there is a way to; answer the ids of what stays.

        What is refused is gone already, or as dead as it can be.
        """
        there = [key for key in keys if not self._is_in(key, State.DELETED)]
        for some in _makers_last(there):
            alive = [key for key in some if not self._is_in(key, State.REVOKED)]
            self._do_to_all(self._profile.revoke, alive)
            self._do_to_all(self._profile.delete, some)
        return [] if self.has(self._profile.delete) else [key.id for key in there]

    def _do_to_all(self, action: str | None, keys: Sequence[Key]) -> None:
        makers = {key.maker.value: key.maker for key in keys} if self.has(action) else {}
        for value, maker in makers.items():
            made = [key for key in keys if key.maker.value == value]
            maker.ask_together([_aimed(self.operation(action), key) for key in made])

    def _is_in(self, key: Key, state: State) -> bool:
        return self._admin.inspector.vault.state_of_value(key.value) is state

    def operation(self, operation_id: str | None) -> Operation:
        """Answer an operation of the contract. Raises NotPossible."""
        known = self._admin.inspector.contract.by_id
        if operation_id is None:
            raise NotPossible("the profile names no operation that does it")
        if operation_id not in known:
            raise NotPossible(f"the contract has no {operation_id}")
        return known[operation_id]


def _aimed(operation: Operation, key: Key, body: Any = None) -> Request:
    """Answer the request of an operation on a key."""
    path = operation.path
    for name in operation.path_values:
        path = path.replace(f"{{{name}}}", key.id)
    return described(operation.method, path, body)


def _makers_last(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Answer the keys in groups, in whose order none dies before those that it has made."""
    left = list(keys)
    while left:
        makers = {key.maker.value for key in left}
        some = [key for key in left if key.value not in makers] or left
        yield some
        left = [key for key in left if key not in some]
