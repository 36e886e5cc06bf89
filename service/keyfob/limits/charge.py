"""One charge and its answer, and what every limiter can do."""

from typing import NamedTuple, Protocol

from keyfob.model import RateLimit

POLICY = "key"


class Charge(NamedTuple):
    """What became of a charge, and how the window stands after it.

    One is made for every request, which is why it is a tuple: a frozen dataclass takes three times
    as long to make, longer than the charge itself.

    Attributes:
        limit: how many charges the open window lets pass; a changed limit waits for the next one.
        window_seconds: how long the open window lasts in all.
        reset_ms: milliseconds until the window passes, at least 1.
    """

    allowed: bool
    limit: int
    window_seconds: int
    remaining: int
    reset_ms: int

    @property
    def retry_after_seconds(self) -> int:
        """The fewest whole seconds after which the window has passed."""
        return max(1, -(-self.reset_ms // 1000))

    @property
    def policy_header(self) -> str:
        """The text of ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"{POLICY}";q={self.limit};w={self.window_seconds}'

    @property
    def state_header(self) -> str:
        """The text of ``RateLimit`` (the same draft); ``t`` counts to the end of the window."""
        return f'"{POLICY}";r={self.remaining};t={self.retry_after_seconds}'


class Limiter(Protocol):
    """Counts charges by name.

    A window opens with a name's first charge and lasts as long as its limit says; exactly as many
    charges pass in it as its limit says, and refusals are not charged. Once it has passed, the next
    charge opens another. A changed limit counts from the next window.
    """

    def charge(self, name: str, limit: RateLimit) -> Charge:
        """Charge once, at a cost that does not depend on the limit."""
        ...

    def check(self) -> bool:
        """Try whether charges are counted now, for readiness; takes as long as a charge."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...

    @property
    def available(self) -> bool:
        """Whether the last try to count a charge succeeded."""
        ...

    @property
    def outages(self) -> int:
        """How often counting has become impossible since the start."""
        ...

    @property
    def passed(self) -> int:
        """How many charges passed uncounted since the start."""
        ...


class LimiterUnavailable(Exception):
    """The charge could not be counted; the message says why, to the operator."""
