"""The sum of a run: how often each operation answered what, and whether that proves anything."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable

LARGEST_SHARE_OF_401 = 0.2


class Ledger:
    """Counts replies by operation and status. Replies to dead keys are counted apart."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self.refused_dead_keys = 0
        self.throttled_guesses = 0
        self.repeated_attempts = 0

    def count(self, operation_id: str, status: int) -> None:
        """Count a reply to the run's own key."""
        self._statuses[operation_id][status] += 1

    @property
    def cases(self) -> int:
        """How many generated requests were sent."""
        return sum(counter.total() for counter in self._statuses.values())

    @property
    def share_of_401(self) -> float:
        """What part of the replies to a live key were 401."""
        unauthorized = sum(counter[401] for counter in self._statuses.values())
        return unauthorized / max(self.cases, 1)

    def never_succeeded(self, operation_ids: Iterable[str]) -> list[str]:
        """Answer the operations without a single 2xx."""
        return [name for name in operation_ids if not self._successes(name)]

    def has_tried(self, operation_ids: Iterable[str]) -> bool:
        """Say whether every operation got a request at all."""
        return all(name in self._statuses for name in operation_ids)

    def summary(self) -> list[str]:
        """Spell it out for people."""
        seconds = time.perf_counter() - self._started
        speed = f"{seconds:.1f} s ({self.cases / seconds:.0f}/s)"
        lines = [
            f"{self.cases} generated cases in {speed}, and {self.refused_dead_keys} with dead keys",
            f"share of 401 among replies to the live key: {self.share_of_401:.1%}",
        ]
        lines.insert(1, f"{self.repeated_attempts} creations were attempted again")
        if self.throttled_guesses:
            lines.append(
                f"{self.throttled_guesses} times a deleted key was answered 429 instead of 401:"
                " raise KEYFOB_GUESSES_PER_MINUTE of that server to see more"
            )
        for operation_id, counter in self._statuses.items():
            histogram = "  ".join(f"{status}: {n}" for status, n in sorted(counter.items()))
            lines.append(f"  {operation_id:<18} {histogram}")
        return lines

    def _successes(self, operation_id: str) -> int:
        counter = self._statuses[operation_id]
        return sum(n for status, n in counter.items() if 200 <= status < 300)
