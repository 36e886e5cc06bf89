"""What keys were used for, and what became of a request."""

from collections.abc import Sequence
from dataclasses import dataclass

from keyfob.domain.api_keys import ApiKeys
from keyfob.errors import NotFound
from keyfob.model import Actor, Clock
from keyfob.store.requests import TracedRequest
from keyfob.store.store import Store
from keyfob.store.usage import Counter

USAGE_BY_DEFAULT_MS = 30 * 86_400_000
RECENT = 100
YEAR_ONE = -62_135_596_800_000
"""The earliest time that can be spelt."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How a key was used.

    Attributes:
        counters: of all hours that overlap the time from ``since`` to ``until``, newest first.
        recent: the latest requests, newest first, whenever they were.
    """

    key_id: str
    since: int
    until: int
    counters: Sequence[Counter]
    recent: Sequence[TracedRequest]


class UsageReports:
    """Reads what the recorders of all workers have written, half a second ago at most.

    What is still in memory is left out: that of this worker would be exact only if each reader held
    up its writer, and that of the others would be missing all the same.
    """

    def __init__(self, store: Store, api_keys: ApiKeys, clock: Clock) -> None:
        self._store = store
        self._api_keys = api_keys
        self._clock = clock

    def usage(self, actor: Actor, key_id: str, since: int | None, until: int | None) -> Usage:
        """Answer how a key was used, by default in the last 30 days; no time, no counters.

        Raises:
            NotFound.
        """
        until = self._clock() if until is None else until
        since = max(until - USAGE_BY_DEFAULT_MS, YEAR_ONE) if since is None else since
        key = self._api_keys.get(actor, key_id)
        return Usage(
            key_id=key.id,
            since=since,
            until=until,
            counters=self._store.usage.counters(key.id, since, until) if since < until else [],
            recent=self._store.requests.latest(key.id, RECENT),
        )

    def request(self, actor: Actor, request_id: str) -> TracedRequest:
        """Answer a request that carried a key of the actor's organisation and sites.

        Raises:
            NotFound: it is not kept (any more), or carried no such key.
        """
        found = self._store.requests.find_within(actor.organization_id, actor.sites, request_id)
        if found is None:
            raise NotFound
        return found

    def everything_of(self, request_id: str) -> Sequence[TracedRequest]:
        """Answer all that is kept of a request, whoever sent it: the operator's view.

        The first is the request itself; another one is the key that verifyApiKey was asked about.
        """
        return self._store.requests.find(request_id)
