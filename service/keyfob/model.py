"""The nouns of Keyfob as plain values: no I/O, no HTTP, no ORM.

Times are integers: milliseconds since 1970-01-01T00:00:00Z.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntFlag, StrEnum

Clock = Callable[[], int]
"""Answers the time now, in milliseconds since the epoch; given to whoever needs it."""


class Scope(IntFlag):
    """What a key may do. Stored as bits: new scopes go at the end, none is ever renumbered."""

    VISITORS_READ = 1 << 0
    VISITORS_WRITE = 1 << 1
    EMPLOYEES_READ = 1 << 2
    EMPLOYEES_WRITE = 1 << 3
    DELIVERIES_READ = 1 << 4
    DELIVERIES_WRITE = 1 << 5
    SITES_READ = 1 << 6
    SITES_WRITE = 1 << 7
    KEYS_READ = 1 << 8
    KEYS_WRITE = 1 << 9
    KEYS_VERIFY = 1 << 10
    AUDIT_READ = 1 << 11

    @property
    def word(self) -> str:
        """The scope as the API spells it: ``keys:read``."""
        return (self.name or "").lower().replace("_", ":")


ALL_SCOPES = Scope((1 << len(Scope)) - 1)
SCOPE_BY_WORD = {scope.word: scope for scope in Scope}


def scopes_from_words(words: Iterable[str]) -> Scope:
    """Fold scope words into one set. Raises KeyError for a word that is no scope."""
    scopes = Scope(0)
    for word in words:
        scopes |= SCOPE_BY_WORD[word]
    return scopes


def scope_words(scopes: Scope) -> list[str]:
    """Spell a set of scopes out, in the order in which the scopes are defined."""
    return [scope.word for scope in Scope if scope in scopes]


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites that a key covers: a set of ids, or every site, present and future."""

    ids: frozenset[str] = frozenset()
    every: bool = False

    @classmethod
    def from_ids(cls, site_ids: tuple[str, ...]) -> "Sites":
        """Fold site ids, or the star that stands for every site, into one set."""
        return EVERY_SITE if site_ids == EVERY_SITE_IDS else cls(ids=frozenset(site_ids))

    def cover(self, other: "Sites") -> bool:
        """Say whether ``other`` lies within these sites."""
        return self.every or (not other.every and other.ids <= self.ids)


EVERY_SITE = Sites(every=True)
EVERY_SITE_IDS = ("*",)


class ActorType(StrEnum):
    """The kinds of actor, as the API spells them."""

    ADMIN = "admin"
    API_KEY = "apiKey"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class ActorRef:
    """Who did something, as it is remembered."""

    type: ActorType
    id: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request, and what it holds; it can grant no more than that.

    Attributes:
        expires_at: when its own authority ends, or None for never.
        request_id: of the request in which it acts; None at the command line.
    """

    ref: ActorRef
    organization_id: str
    scopes: Scope
    sites: Sites
    expires_at: int | None = None
    request_id: str | None = None


class KeyStatus(StrEnum):
    """The three states of a key that exists."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class RevokedReason(StrEnum):
    """Why a key was revoked; a compromised key never comes back."""

    UNUSED = "unused"
    COMPROMISED = "compromised"
    TEMPORARY = "temporary"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``requests`` in each window of ``window_seconds``."""

    requests: int = 600
    window_seconds: int = 60


DEFAULT_RATE_LIMIT = RateLimit()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key: the record, never its value.

    Attributes:
        hint: enough of the value to recognise it, useless to a thief.
        secret_version: 1 for the first value, one more for each rotation.
        version: of the configuration; every change raises it, use does not.
    """

    id: str
    organization_id: str
    name: str
    description: str | None
    scopes: Scope
    sites: Sites
    rate_limit: RateLimit
    hint: str
    secret_version: int
    version: int
    created_at: int
    created_by: ActorRef
    updated_at: int
    rotated_at: int | None = None
    expires_at: int | None = None
    revoked_at: int | None = None
    revoked_reason: RevokedReason | None = None
    last_used_at: int | None = None

    def status(self, now: int) -> KeyStatus:
        """The state at ``now``; revoked outweighs expired."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyStatus.EXPIRED
        return KeyStatus.ACTIVE

    @property
    def position(self) -> "Position":
        """Its place in a list."""
        return Position(self.created_at, self.id)


@dataclass(frozen=True, slots=True)
class Site:
    """A building of an organisation."""

    id: str
    organization_id: str
    name: str
    address: str | None
    created_at: int

    @property
    def position(self) -> "Position":
        """Its place in a list."""
        return Position(self.created_at, self.id)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list whose order is newest first.

    Attributes:
        id: what decides between items of one moment: their ids, or their numbers in a sequence.
    """

    created_at: int
    id: str | int
