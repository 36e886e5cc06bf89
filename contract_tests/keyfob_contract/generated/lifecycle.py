"""The state table of an API key as a model: what an implementation should answer, worked out anew.

It knows nothing of how an implementation does it. Each method is one row of the table: it answers
what to expect and, where that is a success, becomes the key as it should be from then on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

DAY_MS = 86_400_000
ROTATION_PERIOD_MS = 90 * DAY_MS
DEFAULT_RATE_LIMIT = {"requests": 600, "windowSeconds": 60}
TIMES = frozenset({"createdAt", "updatedAt", "rotatedAt", "rotationDueAt", "revokedAt"})


class Outcome(NamedTuple):
    """A status, and the code that comes with it if it is a refusal."""

    status: int
    code: str | None = None


NOT_FOUND = Outcome(404, "NOT_FOUND")
OK = Outcome(200)


@dataclass
class ModelKey:
    """A key as it should be.

    Attributes:
        organization: whose it is; to all others it is absent.
        values: every value it ever had; the last one is the current one.
    """

    id: str
    organization: str
    members: dict[str, Any]
    values: list[str]
    created_at: int
    created_by: str
    updated_at: int = field(init=False)
    rotated_at: int | None = None
    revoked_at: int | None = None
    revoked_reason: str | None = None
    deleted: bool = False

    def __post_init__(self) -> None:
        self.updated_at = self.created_at

    def status(self, now: int) -> str:
        """The state at ``now``."""
        if self.revoked_at is not None:
            return "revoked"
        expires_at = self.members["expiresAt"]
        return "expired" if expires_at is not None and expires_at <= now else "active"

    def use(self, value: str, now: int) -> Outcome:
        """A value is sent with a request that any live key may make."""
        if self.deleted:
            return Outcome(401, "API_KEY_INVALID")
        if value != self.values[-1]:
            return Outcome(401, "API_KEY_ROTATED")
        match self.status(now):
            case "active":
                return OK
            case "expired":
                return Outcome(401, "API_KEY_EXPIRED")
            case _:
                return Outcome(401, "API_KEY_REVOKED")

    def view(self) -> Outcome:
        """The key is looked at."""
        return NOT_FOUND if self.deleted else OK

    def edit(self, changes: Mapping[str, Any], now: int) -> Outcome:
        """Some members are changed; ``expiresAt`` in milliseconds."""
        if self.deleted:
            return NOT_FOUND
        if self.revoked_at is not None:
            return Outcome(409, "KEY_IS_REVOKED")
        edited = {**self.members, **changes}
        if "rateLimit" in changes:
            wanted = changes["rateLimit"]
            edited["rateLimit"] = (
                DEFAULT_RATE_LIMIT if wanted is None else {**self.members["rateLimit"], **wanted}
            )
        if edited != self.members:
            self.members = edited
            self.updated_at = now
        return OK

    def rotate(self, now: int) -> Outcome:
        """The value is replaced; the new one has to be put into ``values``."""
        if self.deleted:
            return NOT_FOUND
        match self.status(now):
            case "active":
                self.rotated_at = self.updated_at = now
                return OK
            case "expired":
                return Outcome(409, "KEY_IS_EXPIRED")
            case _:
                return Outcome(409, "KEY_IS_REVOKED")

    def revoke(self, reason: str, now: int) -> Outcome:
        """The key is stopped; of a stopped key at most the reason rises to ``compromised``."""
        if self.deleted:
            return NOT_FOUND
        if self.revoked_at is None:
            self.revoked_at = self.updated_at = now
            self.revoked_reason = reason
        elif reason == "compromised" != self.revoked_reason:
            self.revoked_reason = reason
            self.updated_at = now
        return OK

    def reactivate(self, now: int) -> Outcome:
        """The key is to work again."""
        if self.deleted:
            return NOT_FOUND
        match self.status(now):
            case "active":
                return Outcome(409, "KEY_IS_ACTIVE")
            case "expired":
                return Outcome(409, "KEY_IS_EXPIRED")
            case _ if self.revoked_reason == "compromised":
                return Outcome(409, "KEY_IS_COMPROMISED")
            case _:
                self.revoked_at = self.revoked_reason = None
                self.updated_at = now
                return OK

    def delete(self, now: int) -> Outcome:
        """The key is to go for ever."""
        if self.deleted:
            return NOT_FOUND
        match self.status(now):
            case "active":
                return Outcome(409, "KEY_IS_ACTIVE")
            case "expired":
                return Outcome(409, "KEY_NOT_REVOKED")
            case _:
                self.deleted = True
                return Outcome(204)

    def is_met_by(self, organization: str, site_ids: frozenset[str]) -> bool:
        """Say whether whoever holds a key of an organisation, for these sites, meets it at all."""
        covered = "*" in site_ids or self.members["siteIds"] <= site_ids
        return self.organization == organization and covered

    def resource(self, now: int) -> dict[str, Any]:
        """Answer the members that the API should show of it; sets as sets."""
        value_since = self.created_at if self.rotated_at is None else self.rotated_at
        return {
            **self.members,
            "id": self.id,
            "expiresAt": spelt(self.members["expiresAt"]),
            "status": self.status(now),
            "hint": f"{self.values[-1].partition('_')[0]}_…{self.values[-1][-4:]}",
            "secretVersion": len(self.values),
            "createdAt": spelt(self.created_at),
            "createdBy": {"type": "apiKey", "id": self.created_by},
            "updatedAt": spelt(self.updated_at),
            "rotatedAt": spelt(self.rotated_at),
            "rotationDueAt": spelt(value_since + ROTATION_PERIOD_MS),
            "revokedAt": spelt(self.revoked_at),
            "revokedReason": self.revoked_reason,
        }


def shown(resource: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """Answer, of an API key as the API shows it, what the model speaks of, in the model's terms."""
    sets = {name: frozenset(resource.get(name) or ()) for name in ("scopes", "siteIds")}
    return {name: sets.get(name, resource.get(name)) for name in model}


def spelt(milliseconds: int | None) -> str | None:
    """Spell a time as the API does."""
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
