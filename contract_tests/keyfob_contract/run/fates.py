"""What becomes of keys, learnt from the replies that go by, whoever asked for it."""

from collections import defaultdict

from keyfob_contract.rules.exchange import Exchange, at_pointer
from keyfob_contract.rules.expectation import named_values
from keyfob_contract.rules.profile import Profile
from keyfob_contract.rules.spec import Operation, segments_of
from keyfob_contract.run.journal import issued_value
from keyfob_contract.run.vault import State, Vault


class Fates:
    """Tells the vault in what state values are."""

    def __init__(self, profile: Profile, vault: Vault) -> None:
        self._profile = profile
        self._vault = vault
        self._values: defaultdict[str, list[str]] = defaultdict(list)
        self._states = {told: State(name) for name, told in profile.keys.statuses.items()}

    def note(self, exchange: Exchange) -> None:
        """Learn from a reply what has become of a key."""
        operation = exchange.expected.operation
        if operation is None or operation.is_safe or exchange.status >= 300:
            return
        key_id = self._named(operation, exchange)
        if (value := issued_value(self._profile, exchange)) is not None:
            self._issued(key_id or str(at_pointer(exchange.json, self._profile.keys.id)), value)
        elif key_id is not None:
            self._changed(operation, self._values[key_id], exchange)

    def _issued(self, key_id: str, value: str) -> None:
        if value not in self._vault.names:
            self._vault.keep(value)
        for replaced in self._values[key_id]:
            self._vault.mark(replaced, State.ROTATED)
        self._values[key_id].append(value)

    def _changed(self, operation: Operation, values: list[str], exchange: Exchange) -> None:
        keys = self._profile.keys
        told = at_pointer(exchange.json, keys.status or "")
        if operation.id == keys.delete:
            for value in values:
                self._vault.mark(value, State.DELETED)
        elif isinstance(told, str) and told in self._states:
            self._vault.mark(values[-1], self._states[told])
        elif operation.id == keys.revoke:
            self._vault.mark(values[-1], State.REVOKED)

    def _named(self, operation: Operation, exchange: Exchange) -> str | None:
        """Answer the id in the path of a request, if it is that of a key whose value is known."""
        keys = self._profile.keys
        mint = exchange.contract.by_id.get(keys.mint or "")
        is_below = mint is not None and operation.path.startswith(f"{mint.path}/")
        if not is_below and operation.id not in {keys.rotate, keys.revoke, keys.delete}:
            return None  # things of other kinds may have the same ids
        named = named_values(operation.template, segments_of(exchange.request.path)) or {}
        return next((each for each in named.values() if each in self._values), None)
