"""The rows of organisations and their admins."""

from dataclasses import dataclass

import peewee

from keyfob.errors import AdminExists
from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement, slot

_ORGANIZATION = tables.Organization
_ADMIN = tables.Admin


@dataclass(frozen=True, slots=True)
class ListedOrganization:
    """An organisation and how many keys it has, in any state."""

    id: str
    name: str
    key_count: int


class OrganizationRows:
    """Reads and writes organisations and admins."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        of_id = _ORGANIZATION.id == slot("id")
        count = _ORGANIZATION.key_count
        self._exists = Statement(database, _ORGANIZATION.select(_ORGANIZATION.id).where(of_id))
        self._any = Statement(database, _ORGANIZATION.select(_ORGANIZATION.id).limit(1))
        self._take_key_place = Statement(
            database,
            _ORGANIZATION.update({count: count + 1}).where(of_id, count < slot("most")),
        )
        self._free_key_place = Statement(
            database, _ORGANIZATION.update({count: count - 1}).where(of_id)
        )

    def exists(self, organization_id: str) -> bool:
        """Say whether there is such an organisation."""
        return self._exists.row(id=organization_id) is not None

    def any(self) -> bool:
        """Say whether there is an organisation at all."""
        return self._any.row() is not None

    def list(self) -> list[ListedOrganization]:
        """Answer all organisations, oldest first."""
        query = _ORGANIZATION.select(
            _ORGANIZATION.id, _ORGANIZATION.name, _ORGANIZATION.key_count
        ).order_by(_ORGANIZATION.created_at, _ORGANIZATION.id)
        return [ListedOrganization(*row) for row in Statement(self._database, query).rows()]

    def insert(self, organization_id: str, name: str, now: int) -> None:
        """Add an organisation."""
        row = {"id": organization_id, "name": name, "key_count": 0, "created_at": now}
        Statement(self._database, _ORGANIZATION.insert(row)).change()

    def insert_admin(
        self, admin_id: str, organization_id: str, email: str, password_hash: str, now: int
    ) -> None:
        """Add an admin. Raises AdminExists when the address is taken, by any organisation."""
        row = {
            "id": admin_id,
            "organization_id": organization_id,
            "email": email.casefold(),
            "password_hash": password_hash,
            "created_at": now,
        }
        try:
            Statement(self._database, _ADMIN.insert(row)).change()
        except peewee.IntegrityError:
            raise AdminExists from None

    def take_key_place(self, organization_id: str, most: int) -> bool:
        """Count one key more, unless there are ``most`` already; say whether there was room."""
        return self._take_key_place.change(id=organization_id, most=most) == 1

    def free_key_place(self, organization_id: str) -> None:
        """Count one key less."""
        self._free_key_place.change(id=organization_id)
