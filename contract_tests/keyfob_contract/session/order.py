"""What somebody asks for, and the one way to say that it cannot be had."""

from dataclasses import dataclass
from pathlib import Path

CASES = 1000


class CannotJudge(Exception):
    """There will be no verdict; the message says why, and what to do about it."""


@dataclass(frozen=True)
class Order:
    """What is to be judged, and how thoroughly.

    Attributes:
        url: of the server; None for this service in this process.
        database_url: of an empty store for that service; None for a file of its own.
        only: names of checks and of groups of checks, and operationIds; none for all.
        quick: whether generated requests and stories are left out.
        cases: how many requests are generated.
        budget: seconds after which no further check begins.
        record: whether all exchanges are kept.
    """

    url: str | None = None
    admin_key: str | None = None
    other_admin_key: str | None = None
    database_url: str | None = None
    spec: Path | None = None
    profile: Path | None = None
    only: tuple[str, ...] = ()
    quick: bool = False
    cases: int = CASES
    seed: int = 1
    budget: float | None = None
    record: bool = False

    @property
    def part(self) -> str:
        """What part of the checks is asked for, in words; empty if it is all of them."""
        parts = ["the deterministic checks"] if self.quick else []
        if self.only:
            parts.append(f"only {', '.join(self.only)}")
        return ", ".join(parts)
