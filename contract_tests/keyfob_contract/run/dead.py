"""What a request may carry that must not let it in: dead keys, and what never was one."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from keyfob_contract.rules.exchange import Exchange
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.api import Unexpected
from keyfob_contract.run.keyring import Key, Keyring, NotPossible
from keyfob_contract.run.stumbling import STUMBLES
from keyfob_contract.run.vault import State, Vault, mistyped, never_issued
from keyfob_contract.wire.clocks import Clock, patiently
from keyfob_contract.wire.message import Request

SOON = timedelta(seconds=2)
STEP_SECONDS = 0.2
MOST_STEPS = 100
UNDYING = "a key works on after its expiry"
EXPIRING = 9
_KINDS = {
    State.NONE: "no credential",
    State.UNKNOWN: "an unknown credential",
    State.EXPIRED: "an expired credential",
    State.IN_URL: "a credential in the URL",
}
URL_PARAMETERS = ("api_key", "apiKey", "key", "access_token")


@dataclass(frozen=True)
class Credential:
    """What a request may carry that must not let it in.

    Attributes:
        way: how it is sent, in words.
        code: that the refusal has to name, if the envelope has codes.
    """

    state: State
    way: str
    headers: tuple[tuple[str, str], ...]
    code: str | None
    query: Mapping[str, str]

    @property
    def spelt(self) -> str:
        """What it is, in words."""
        kind = _KINDS.get(self.state, f"a {self.state} credential")
        return f"{kind} ({self.way})"

    def on(self, request: Request) -> Request:
        """Answer the request with it."""
        return request.with_headers(*self.headers).with_query(**self.query)


class DeadCredentials:
    """Makes one of each kind as it is asked for, and keeps it.

    Attributes:
        short_lived: the ids of keys that time changes, whatever is asked meanwhile.
        rotated: a key with the value that was replaced before it expires, if there is one.
    """

    def __init__(self, contract: Contract, keyring: Keyring, vault: Vault, clock: Clock) -> None:
        self._contract = contract
        self._keys = contract.profile.keys
        self._keyring = keyring
        self._vault = vault
        self._clock = clock
        self._made: dict[State, tuple[Credential, ...]] = {}
        self._expiring: list[Key] = []
        self.short_lived: frozenset[str] = frozenset()
        self.rotated: Key | None = None
        self._undying: Exchange | None = None

    def prepare(self) -> None:
        """Make the keys that need time to die, so that nobody has to wait for them later."""
        if self._keys.expiry:
            self._expiring = list(self._make_expiring())
            self.short_lived = frozenset(key.id for key in self._expiring)
        if self._expiring and self._keyring.has(self._keys.rotate):
            with suppress(Unexpected):  # it is too late, or the checks of rotation will tell
                key = self._expiring.pop()
                self._vault.foresee_end(self._keyring.rotate(key))
                self.rotated = key

    @property
    def has_expired_keys(self) -> bool:
        """Whether there are keys left that nobody was given."""
        return bool(self._expiring)

    def expired_key(self) -> Key:
        """Answer an expired key that nobody else was given. Raises Unexpected, NotPossible."""
        if self._undying is not None:  # no other would die, and nobody has to wait for it again
            raise Unexpected(self._undying, UNDYING)
        if not self._expiring:
            raise NotPossible("keys do not expire here, or no more of them do")
        key = self._expiring.pop()
        prove = self._keyring.operation(self._keys.prove)
        exchange = patiently(
            self._clock,
            lambda: key.api(prove.method, prove.path),
            lambda seen: seen.status == 401,
            step_seconds=STEP_SECONDS,
            most_steps=MOST_STEPS,
        )
        if exchange.status != 401:
            self._undying = exchange
            raise Unexpected(exchange, UNDYING)
        return key

    def credentials(self, state: State) -> tuple[Credential, ...]:
        """Answer every way to send a credential in a state. Raises Unexpected, NotPossible."""
        if state not in self._made:
            self._made[state] = tuple(self._make_dead(state))
        return self._made[state]

    def impossible(self) -> Mapping[State, str]:
        """Answer the states that cannot be brought about here, and why."""
        found: dict[State, str] = {}
        for state in State:
            try:
                if state is not State.LIVE:
                    self.credentials(state)
            except NotPossible as reason:
                found[state] = str(reason)
            except (Unexpected, *STUMBLES):
                continue  # the checks have met that, too, and told
        return found

    def _make_dead(self, state: State) -> Iterator[Credential]:
        match state:
            case State.NONE:
                yield self._credential(state, "no key", (), "missing")
            case State.MALFORMED:
                for value in ("kit-no-key", "", "kfb_", "null"):
                    yield self._sent(state, value, f"as {value or 'nothing'!r}")
                yield from self._in_other_schemes()
            case State.IN_URL:  # of a key that is made for it: URLs end up in logs
                value = self._keyring.make("in the URL").value
                code = self._keys.codes.get("in_url")
                for name in URL_PARAMETERS:
                    yield Credential(state, f"as ?{name}=", (), code, {name: value})
            case State.DOUBLED:
                yield from self._doubled()
            case State.MISTYPED | State.UNKNOWN:
                yield self._sent(state, self._invented(state), f"{state}, made of a real one")
                if state is State.MISTYPED and self._keyring.has(self._keys.revoke):
                    yield self._sent(state, self._half_revoked(), "half of it a revoked one")
            case _:
                value = self._killed(state).value
                for way in range(len(self._contract.profile.credentials.headers)):
                    yield self._sent(state, value, f"of a key that is {state}", way)

    def _invented(self, state: State) -> str:
        real = self._keyring.lend(str(state)).value
        value = mistyped(real) if state is State.MISTYPED else never_issued(real)
        if value is None:
            raise NotPossible("the form of its values is unknown, so that none can be made up")
        self._vault.keep(value, f"{state} value", state)
        return value

    def _half_revoked(self) -> str:
        key = self._keyring.make("half revoked")
        self._keyring.revoke(key)
        value = key.value[:-1] + ("a" if key.value[-1] != "a" else "b")
        self._vault.keep(value, "half revoked", State.MISTYPED)
        return value

    def _in_other_schemes(self) -> Iterator[Credential]:
        profile = self._contract.profile.credentials
        name, text = profile.header("")
        if not (text and self._keyring.can_make):
            return  # the header holds the value alone, or there is none to do without
        value = self._keyring.make("in another scheme").value
        self._vault.mark(value, State.MALFORMED)
        as_user = b64encode(f"{value}:".encode()).decode()
        for scheme, sent in (("Basic", value), ("Basic", as_user), ("Token", value)):
            header = (name, f"{scheme} {sent}")
            yield self._credential(State.MALFORMED, f"as {scheme}", (header,), "malformed")

    def _killed(self, state: State) -> Key:
        if state is State.EXPIRED:
            return self.expired_key()
        key = self._keyring.make(str(state))
        match state:
            case State.ROTATED:
                self._keyring.rotate(key)
            case State.REVOKED:
                self._keyring.revoke(key)
            case State.DELETED:
                self._keyring.delete(key)
            case _:
                raise NotPossible(f"a {state} key is not dead")
        return key

    def _doubled(self) -> Iterator[Credential]:
        profile = self._contract.profile.credentials
        if not profile.single:
            raise NotPossible("the profile promises nothing about two credentials at once")
        value = self._keyring.lend("doubled").value
        usual = profile.header(value)
        yield self._credential(State.DOUBLED, "twice in one header", (usual, usual), "doubled")
        for way in range(1, len(profile.headers)):
            both = (usual, profile.header(value, way))
            yield self._credential(State.DOUBLED, "in two headers", both, "doubled")
            name, text = profile.header("")
            if text:
                beside = ((name, "Basic a2l0Og=="), profile.header(value, way))
                what = "beside another scheme"
                yield self._credential(State.DOUBLED, what, beside, "doubled")

    def _sent(self, state: State, value: str, what: str, way: int = 0) -> Credential:
        header = self._contract.profile.credentials.header(value, way)
        return self._credential(state, f"{what}, in {header[0]}", (header,), state)

    def _credential(
        self, state: State, way: str, headers: tuple[tuple[str, str], ...], code: str
    ) -> Credential:
        return Credential(state, way, headers, self._keys.codes.get(code), {})

    def _make_expiring(self) -> Iterator[Key]:
        # Only the implementation knows what time it is there: the key tells when it was made.
        record = self._keyring.make("clock").record
        times = (datetime.fromisoformat(v) for v in record.values() if _is_time(v))
        soon = next(times, datetime.now(UTC)).astimezone(UTC) + SOON
        ends = soon.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for _ in range(EXPIRING):
            key = self._keyring.make("expired", None, **{str(self._keys.expiry): ends})
            self._vault.foresee_end(key.value)
            yield key


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
