"""What is not yet in the store: sums of every request, and the latest requests themselves."""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from keyfob.store.requests import FIRST_ERROR
from keyfob.store.usage import HOUR_MS
from keyfob.usage.key_use import KeyUse, ScopeOf
from keyfob.usage.record import UsageRecord

LATEST_OF_KEY = 100
ERRORS_OF_KEY_AND_HOUR = 1_000
KEYLESS = 10_000
MOST_DETAILS = 20_000


@dataclass(frozen=True, slots=True)
class Portion:
    """As much as is written at once.

    Attributes:
        details: by their numbers in the buffer.
    """

    uses: Mapping[str, KeyUse]
    details: Mapping[int, UsageRecord]

    def __bool__(self) -> bool:
        return bool(self.uses or self.details)


class Buffer:
    """Sums and details, for one thread at a time.

    No sum is ever dropped: there are at most as many as keys in use, times kinds of request, times
    hours since the store was last written to. Of details, those are kept that the store would keep,
    and at most ``most_details`` of them: beyond, the oldest are dropped.

    Attributes:
        dropped: how many details were.
    """

    def __init__(self, scope_of: ScopeOf, most_details: int = MOST_DETAILS) -> None:
        self._scope_of = scope_of
        self._most_details = most_details
        self.uses: dict[str, KeyUse] = {}
        self.details: OrderedDict[int, UsageRecord] = OrderedDict()
        self.dropped = 0
        self._next_number = 0
        self._latest: defaultdict[str | None, deque[int]] = defaultdict(deque)
        self._errors: defaultdict[tuple[str, int], deque[int]] = defaultdict(deque)

    def add(self, record: UsageRecord) -> None:
        """Add a request, at a cost that does not depend on how many there are."""
        key_id = record.key_id
        if key_id is not None:
            use = self.uses.get(key_id)
            if use is None:
                use = self.uses[key_id] = KeyUse()
            use.add(record, self._scope_of)
        self._keep(record)

    def merge(self, later: "Buffer") -> None:
        """Add the sums and details that came later."""
        for key_id, use in later.uses.items():
            if key_id in self.uses:
                self.uses[key_id].merge(use)
            else:
                self.uses[key_id] = use
        for record in later.details.values():
            self._keep(record)

    def portion(self, most_sums: int, most_details: int) -> Portion:
        """Answer the oldest of what is here, about as much as that."""
        uses: dict[str, KeyUse] = {}
        sums = 0
        for key_id, use in self.uses.items():
            if sums >= most_sums:
                break
            uses[key_id] = use
            sums += len(use)
        return Portion(uses, dict(islice(self.details.items(), most_details)))

    def forget(self, written: Portion) -> None:
        """Take out what has been written."""
        for key_id in written.uses:
            del self.uses[key_id]
        for number in written.details:
            del self.details[number]
        if not self.details:  # and so nothing but the numbers of what is gone
            self._latest.clear()
            self._errors.clear()

    def drop_details(self, portion: Portion) -> None:
        """Give up details that cannot be written."""
        self.dropped += len(portion.details)
        self.forget(Portion({}, portion.details))

    def _keep(self, record: UsageRecord) -> None:
        number = self._next_number
        self._next_number += 1
        self.details[number] = record
        latest = self._latest[record.key_id]
        latest.append(number)
        if len(latest) > (KEYLESS if record.key_id is None else LATEST_OF_KEY):
            self._retire(latest.popleft())
        if len(self.details) > self._most_details:
            self.details.popitem(last=False)
            self.dropped += 1

    def _retire(self, number: int) -> None:
        """Keep what is no longer among its key's latest if it is an error, but not too many."""
        record = self.details.get(number)
        if record is None:
            return
        if record.key_id is None or record.status < FIRST_ERROR:
            del self.details[number]
            return
        errors = self._errors[record.key_id, record.at - record.at % HOUR_MS]
        errors.append(number)
        if len(errors) > ERRORS_OF_KEY_AND_HOUR:
            self.details.pop(errors.popleft(), None)
