"""Organisations and their admins; made by the operator at the command line."""

import random
from dataclasses import dataclass

from keyfob.domain.admins import Admins
from keyfob.domain.api_keys import ApiKeys
from keyfob.domain.audit import AuditTrail
from keyfob.domain.audit_changes import organization_created
from keyfob.domain.authority import operator_of
from keyfob.domain.commands import KeyDraft
from keyfob.domain.identifiers import new_id
from keyfob.domain.passwords import Passwords
from keyfob.errors import NotFound
from keyfob.model import (
    ALL_SCOPES,
    EVERY_SITE_IDS,
    Actor,
    ApiKey,
    Clock,
)
from keyfob.store.organizations import ListedOrganization
from keyfob.store.store import Store

FIRST_KEY_NAME = "admin"


@dataclass(frozen=True, slots=True)
class NewOrganization:
    """All that is made with an organisation; password and value are kept nowhere."""

    id: str
    admin_email: str
    admin_password: str
    key: ApiKey
    key_value: str


class Organizations:
    """The tenants."""

    def __init__(  # noqa: PLR0913  one for each thing that it works with
        self,
        store: Store,
        *,
        api_keys: ApiKeys,
        admins: Admins,
        clock: Clock,
        rng: random.Random,
        passwords: Passwords,
        audit: AuditTrail,
    ) -> None:
        self._store = store
        self._audit = audit
        self._api_keys = api_keys
        self._clock = clock
        self._rng = rng
        self._admins = admins
        self._passwords = passwords

    def any(self) -> bool:
        """Say whether there is an organisation at all."""
        return self._store.organizations.any()

    def list(self) -> list[ListedOrganization]:
        """Answer all organisations, oldest first."""
        return self._store.organizations.list()

    def create(self, name: str, admin_email: str) -> NewOrganization:
        """Make an organisation, its first admin, and a key that holds every scope on every site.

        Raises:
            AdminExists: the address already belongs to an admin.
        """
        password = self._passwords.new()
        password_hash = self._passwords.hash(password)
        organization_id = new_id("org", self._rng)
        operator = operator_of(organization_id)
        with self._store.transaction():
            now = self._clock()
            self._store.organizations.insert(organization_id, name, now)
            self._audit.append(operator, organization_created(organization_id, name, now))
            self._admins.add(operator, admin_email, password_hash)
            draft = KeyDraft(FIRST_KEY_NAME, ALL_SCOPES, EVERY_SITE_IDS)
            key, value = self._api_keys.create(operator, draft)
        return NewOrganization(organization_id, admin_email, password, key, value)

    def operator_in(self, organization_id: str) -> Actor:
        """Answer the operator as an actor. Raises NotFound for an unknown organisation."""
        if not self._store.organizations.exists(organization_id):
            raise NotFound
        return operator_of(organization_id)
