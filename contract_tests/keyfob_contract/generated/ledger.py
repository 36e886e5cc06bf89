"""The sum of a run of generated requests: how often each operation answered what."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator


class Ledger:
    """Counts replies by operation and status. Replies to dead keys are counted apart."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._statuses: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.planned = 0
        self.seconds_of_planning = 0.0
        self.refused_dead_keys = 0
        self.throttled_guesses = 0
        self.repeated_attempts = 0
        self.followed_links = 0

    def plan(self, number: int) -> None:
        """Note that so many cases were generated, and are to be tried from now on."""
        self.planned = number
        self.seconds_of_planning = time.perf_counter() - self._started

    def count(self, operation_id: str, status: int) -> None:
        """Count a reply to the run's own key."""
        self._statuses[operation_id][status] += 1

    @property
    def cases(self) -> int:
        """How many generated requests were sent."""
        return sum(counter.total() for counter in self._statuses.values())

    def never_succeeded(self, operation_ids: Iterable[str]) -> list[str]:
        """Answer the operations without a single 2xx."""
        return [name for name in operation_ids if not self._successes(name)]

    def summary(self, operation_ids: Iterable[str]) -> Iterator[str]:
        """Spell it out for people."""
        seconds = max(time.perf_counter() - self._started - self.seconds_of_planning, 1e-9)
        yield (
            f"{self.cases} generated cases in {seconds:.1f} s ({self.cases / seconds:.0f}/s), after"
            f" {self.seconds_of_planning:.1f} s of making them up;"
            f" {self.refused_dead_keys} more with dead keys"
        )
        if self.cases < self.planned:
            yield f"ended after {self.cases} of {self.planned} cases"
        yield (
            f"{self.repeated_attempts} creations attempted again,"
            f" {self.followed_links} links followed"
        )
        if self.throttled_guesses:
            yield (
                f"{self.throttled_guesses} times a value that nobody holds was answered 429, not"
                " 401: the server limits guesses by address; let it take more to see more"
            )
        if lacking := self.never_succeeded(operation_ids):
            yield f"never succeeded with generated input: {', '.join(lacking)}"
        for operation_id, counter in self._statuses.items():
            histogram = "  ".join(f"{status}: {n}" for status, n in sorted(counter.items()))
            yield f"  {operation_id:<18} {histogram}"

    def _successes(self, operation_id: str) -> int:
        counter = self._statuses.get(operation_id, Counter[int]())
        return sum(n for status, n in counter.items() if 200 <= status < 300)
