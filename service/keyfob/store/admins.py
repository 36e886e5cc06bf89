"""The rows of admins, once they are there: ``OrganizationRows`` adds them."""

from dataclasses import dataclass
from typing import Any

from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement, slot

_ADMIN = tables.Admin


@dataclass(frozen=True, slots=True)
class Admin:
    """A person who holds everything in one organisation."""

    id: str
    organization_id: str
    email: str


_COLUMNS: tuple[Any, ...] = tuple(getattr(_ADMIN, name) for name in Admin.__slots__)


class AdminRows:
    """Reads admins and changes their passwords."""

    def __init__(self, database: StoreDatabase) -> None:
        of_address = _ADMIN.email == slot("email")
        self._find = Statement(
            database, _ADMIN.select(*_COLUMNS, _ADMIN.password_hash).where(of_address)
        )
        self._of_organization = Statement(
            database,
            _ADMIN.select(*_COLUMNS)
            .where(_ADMIN.organization_id == slot("organization_id"))
            .order_by(_ADMIN.created_at, _ADMIN.id),
        )
        self._set_password = Statement(
            database,
            _ADMIN.update({_ADMIN.password_hash: slot("password_hash")}).where(
                _ADMIN.id == slot("id"), _ADMIN.organization_id == slot("organization_id")
            ),
        )

    def find(self, email: str) -> tuple[Admin, str] | None:
        """Answer whose address this is, however it is typed, and the hash of the password."""
        row = self._find.row(email=email.casefold())
        if row is None:
            return None
        *columns, password_hash = row
        return Admin(*columns), password_hash

    def of_organization(self, organization_id: str) -> list[Admin]:
        """Answer the admins of an organisation, oldest first."""
        return [Admin(*row) for row in self._of_organization.rows(organization_id=organization_id)]

    def set_password(self, admin: Admin, password_hash: str) -> None:
        """Replace the hash of a password."""
        self._set_password.change(
            id=admin.id, organization_id=admin.organization_id, password_hash=password_hash
        )
