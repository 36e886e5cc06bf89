"""What the requests of one key come to: numbers and times, however many requests there were."""

from collections import Counter
from collections.abc import Callable

from keyfob.errors import ApiKeyRevoked, ApiKeyRotated, RateLimited, ScopeInsufficient
from keyfob.store.sightings import MOST_PRODUCTS, SightingKind
from keyfob.store.usage import HOUR_MS, Kind
from keyfob.usage.record import UsageRecord

DEAD_VALUE_CODES = frozenset({ApiKeyRotated.code, ApiKeyRevoked.code})
_BEFORE_THE_SCOPE = frozenset({RateLimited.code, ScopeInsufficient.code})

ScopeOf = Callable[[str], str | None]
"""Answers the scope that an operation requires, if it requires one."""

Seen = tuple[SightingKind, str]


class KeyUse:
    """The use of one key, added up.

    Its size is bounded by the kinds of request and the hours, not by the number of requests.

    Attributes:
        last_used_at: of its latest use past authentication; 0 if there was none.
        last_seen: when scopes, products and dead values were seen last.
    """

    __slots__ = ("counts", "last_seen", "last_used_at", "products")

    def __init__(self) -> None:
        self.counts: Counter[Kind] = Counter()
        self.last_used_at = 0
        self.last_seen: dict[Seen, int] = {}
        self.products = 0

    def __len__(self) -> int:
        return len(self.counts) + len(self.last_seen) + 1

    def add(self, record: UsageRecord, scope_of: ScopeOf) -> None:
        """Add a request of this key."""
        at, code = record.at, record.code
        self.counts[Kind(at - at % HOUR_MS, record.operation, record.scope, code)] += 1
        if code in DEAD_VALUE_CODES:
            self._see(SightingKind.DEAD_VALUE, code, at)
        if not record.charged:
            return
        self.last_used_at = max(self.last_used_at, at)
        # Who is asked about needs what is asked of it; what the asker needs is the asker's affair.
        scope = record.scope or (None if record.judged else scope_of(record.operation))
        if scope and code not in _BEFORE_THE_SCOPE:
            self._see(SightingKind.SCOPE_USED, scope, at)
        if record.user_agent and not record.judged:
            self._see_product(product_of(record.user_agent), at)

    def merge(self, later: "KeyUse") -> None:
        """Add what came later."""
        self.counts.update(later.counts)
        self.last_used_at = max(self.last_used_at, later.last_used_at)
        for (kind, name), at in later.last_seen.items():
            if kind is SightingKind.PRODUCT:
                self._see_product(name, at)
            else:
                self._see(kind, name, at)

    def _see_product(self, product: str, at: int) -> None:
        seen = (SightingKind.PRODUCT, product)
        if seen not in self.last_seen:
            if self.products == MOST_PRODUCTS or not product:
                return
            self.products += 1
        self._see(*seen, at)

    def _see(self, kind: SightingKind, name: str, at: int) -> None:
        seen = (kind, name)
        self.last_seen[seen] = max(at, self.last_seen.get(seen, 0))


def product_of(user_agent: str) -> str:
    """Answer the first product of a ``User-Agent``; its version does not make it another one."""
    return user_agent.partition(" ")[0].partition("/")[0]
