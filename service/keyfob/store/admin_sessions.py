"""The rows of sessions. What makes a session live stands in every query."""

from dataclasses import dataclass

from keyfob.store import tables
from keyfob.store.admins import Admin
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement, slot

_SESSION = tables.AdminSession
_ADMIN = tables.Admin


@dataclass(frozen=True, slots=True)
class AdminSession:
    """A live session.

    Attributes:
        digest: of what the browser holds.
        proven_at: when the password was last given in it.
    """

    digest: bytes
    admin: Admin
    proven_at: int


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Sessions live that began, and were seen, after these moments."""

    began_after: int
    seen_after: int


class AdminSessionRows:
    """Reads and writes sessions."""

    def __init__(self, database: StoreDatabase) -> None:
        of_digest = _SESSION.digest == slot("digest")
        lives = (_SESSION.began_at > slot("began_after")) & (_SESSION.seen_at > slot("seen_after"))
        self._insert = Statement(
            database,
            _SESSION.insert(
                {
                    _SESSION.digest: slot("digest"),
                    _SESSION.admin_id: slot("admin_id"),
                    _SESSION.began_at: slot("now"),
                    _SESSION.seen_at: slot("now"),
                    _SESSION.proven_at: slot("now"),
                }
            ),
        )
        self._see = Statement(
            database, _SESSION.update({_SESSION.seen_at: slot("now")}).where(of_digest, lives)
        )
        self._find = Statement(
            database,
            _SESSION.select(_ADMIN.id, _ADMIN.organization_id, _ADMIN.email, _SESSION.proven_at)
            .join(_ADMIN)
            .where(of_digest, lives),
        )
        self._prove = Statement(
            database, _SESSION.update({_SESSION.proven_at: slot("now")}).where(of_digest)
        )
        self._delete = Statement(database, _SESSION.delete().where(of_digest))
        self._delete_of_admin = Statement(
            database, _SESSION.delete().where(_SESSION.admin_id == slot("admin_id"))
        )
        self._delete_dead = Statement(database, _SESSION.delete().where(~lives))

    def insert(self, digest: bytes, admin_id: str, now: int) -> None:
        """Begin a session, with the password given."""
        self._insert.change(digest=digest, admin_id=admin_id, now=now)

    def see(self, digest: bytes, lifetime: Lifetime, now: int) -> bool:
        """Note that a session goes on, and say whether it does."""
        return self._see.change(digest=digest, now=now, **_bounds(lifetime)) == 1

    def find(self, digest: bytes, lifetime: Lifetime) -> AdminSession | None:
        """Answer a live session."""
        row = self._find.row(digest=digest, **_bounds(lifetime))
        if row is None:
            return None
        *admin, proven_at = row
        return AdminSession(digest, Admin(*admin), proven_at)

    def prove(self, digest: bytes, now: int) -> None:
        """Note that the password was given again."""
        self._prove.change(digest=digest, now=now)

    def delete(self, digest: bytes) -> None:
        """End a session."""
        self._delete.change(digest=digest)

    def delete_of_admin(self, admin_id: str) -> None:
        """End all sessions of an admin."""
        self._delete_of_admin.change(admin_id=admin_id)

    def delete_dead(self, lifetime: Lifetime) -> None:
        """Forget the sessions that have ended by themselves."""
        self._delete_dead.change(**_bounds(lifetime))


def _bounds(lifetime: Lifetime) -> dict[str, int]:
    return {"began_after": lifetime.began_after, "seen_after": lifetime.seen_after}
