"""What clients of the domain ask for, as plain values."""

from dataclasses import dataclass
from typing import TypedDict

from keyfob.model import RateLimit, Scope, Sites


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A key to make.

    Attributes:
        site_ids: as they were named, in their order; ``("*",)`` for every site.
    """

    name: str
    scopes: Scope
    site_ids: tuple[str, ...]
    description: str | None = None
    expires_at: int | None = None
    rate_limit: RateLimit = RateLimit()

    @property
    def sites(self) -> Sites:
        """The sites that the key will cover."""
        return Sites.from_ids(self.site_ids)


class RateLimitEdit(TypedDict, total=False):
    """The members of a rate limit to change."""

    requests: int
    window_seconds: int


class KeyEdit(TypedDict, total=False):
    """The members of a key to change; what is absent stays (RFC 7396)."""

    name: str
    description: str | None
    scopes: Scope
    site_ids: tuple[str, ...]
    expires_at: int | None
    rate_limit: RateLimitEdit | None


@dataclass(frozen=True, slots=True)
class SiteDraft:
    """A site to make."""

    name: str
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """What every new entry of a reception's book says."""

    site_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorDraft(EntryDraft):
    """A visitor to expect."""

    expected_at: int
    email: str | None = None
    company: str | None = None
    host_name: str | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeDraft(EntryDraft):
    """An employee to add."""

    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDraft(EntryDraft):
    """A delivery to register."""

    carrier: str
    tracking_number: str | None = None
