"""Every exchange of a run: counted, and held against what holds of every reply."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from keyfob_contract.rules.conformance import RULES
from keyfob_contract.rules.exchange import Complaint, Exchange, at_pointer
from keyfob_contract.rules.profile import Profile
from keyfob_contract.run.vault import Vault
from keyfob_contract.wire.message import Reply

MOST_KEPT = 10
MOST_FOR_HAR = 20_000

Cell = tuple[str, int, str]
"""An operation, a status, and the state of the credential."""


def request_ids_are_unique(ids: set[str], request_id: str) -> Iterator[str]:
    """No two replies of a run name the same request."""
    if request_id in ids:
        yield f"{request_id} came before"
    ids.add(request_id)


def values_stay_secret(found: Iterable[str]) -> Iterator[str]:
    """A key's value is in the replies to its creation and rotation, once, and in no other."""
    for name in found:
        yield f"the reply holds the value of {name}"


PASSIVE = (*RULES, request_ids_are_unique, values_stay_secret)
"""What is looked at in every reply, each a check of its own."""


class Journal:
    """Notes exchanges.

    Attributes:
        last: the exchange that was noted last.

    Args:
        keep_all: whether each exchange is kept whole, for whoever wants to read them all.
    """

    def __init__(self, profile: Profile, vault: Vault, *, keep_all: bool = False) -> None:
        self._profile = profile
        self._vault = vault
        self._keep_all = keep_all
        self._request_ids: set[str] = set()
        self._complaints: defaultdict[str, dict[str, Complaint]] = defaultdict(dict)
        self._calls: dict[str, str] = {}
        self.cells: Counter[Cell] = Counter()
        self.exchanges: list[Exchange] = []
        self.last: Exchange | None = None
        self.total = 0

    def note(self, exchange: Exchange) -> None:
        """Count an exchange, and complain of what no reply may be."""
        self.total += 1
        self.last = exchange
        self.cells[exchange.operation_id, exchange.status, exchange.credential] += 1
        if self._keep_all and len(self.exchanges) < MOST_FOR_HAR:
            self.exchanges.append(exchange)
        for rule in RULES:
            for text in rule(exchange):
                self._complain(rule.__name__, exchange, text)
        name = self._profile.request_id.header
        if name and (request_id := exchange.header(name)):
            for text in request_ids_are_unique(self._request_ids, request_id):
                self._complain(request_ids_are_unique.__name__, exchange, text)
        for text in values_stay_secret(self._leaks(exchange)):
            self._complain(values_stay_secret.__name__, exchange, text)

    def complaints(self, rule_name: str) -> list[Complaint]:
        """Answer what broke a rule; the same at the same place once, with its number."""
        return list(self._complaints[rule_name].values())

    @property
    def broken(self) -> int:
        """How many exchanges broke some rule so far."""
        return sum(c.times for found in self._complaints.values() for c in found.values())

    def _complain(self, rule_name: str, exchange: Exchange, text: str) -> None:
        found = self._complaints[rule_name]
        place = exchange.operation_id or exchange.request.path
        name = f"{place} {exchange.status} {text[:60]}"
        if name in found:
            found[name] = replace(found[name], times=found[name].times + 1)
        elif len(found) < MOST_KEPT:
            found[name] = exchange.complaint(f"{place}: {text}")

    def _leaks(self, exchange: Exchange) -> list[str]:
        found = self._vault.leaks(_text_of(exchange.reply))
        if found and (shown := issued_value(self._profile, exchange)) is not None:
            found.remove(self._vault.names[shown])
        return found


def issued_value(profile: Profile, exchange: Exchange) -> str | None:
    """Answer the value that a reply to a creation or rotation of a key hands out."""
    keys = profile.keys
    if exchange.status >= 300 or exchange.operation_id not in {keys.mint, keys.rotate}:
        return None
    value = at_pointer(exchange.json, keys.value)
    return value if isinstance(value, str) else None


def _text_of(reply: Reply) -> str:
    headers = "\n".join(value for _, value in reply.headers)
    body = reply.body.decode("utf-8", "replace")
    if "\\" in body:  # an escape must not hide a value
        with suppress(ValueError):
            body = json.dumps(reply.json, ensure_ascii=False)
    return f"{headers}\n{body}"
