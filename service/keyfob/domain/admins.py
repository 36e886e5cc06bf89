"""The people who manage an organisation's keys."""

import random
from collections.abc import Sequence

from keyfob.domain.audit import AuditTrail
from keyfob.domain.audit_changes import admin_created, password_changed
from keyfob.domain.authority import operator_of
from keyfob.domain.identifiers import new_id
from keyfob.domain.passwords import Passwords, demand_good_password
from keyfob.errors import NotFound
from keyfob.model import ALL_SCOPES, EVERY_SITE, Actor, ActorRef, ActorType, Clock
from keyfob.store.admins import Admin
from keyfob.store.store import Store


def actor_of_admin(admin: Admin, request_id: str | None = None) -> Actor:
    """Answer an admin as the one who acts: with every scope on every site of the organisation."""
    return Actor(
        ref=ActorRef(ActorType.ADMIN, admin.id),
        organization_id=admin.organization_id,
        scopes=ALL_SCOPES,
        sites=EVERY_SITE,
        request_id=request_id,
    )


class Admins:
    """The admins of all organisations."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        rng: random.Random,
        passwords: Passwords,
        audit: AuditTrail,
    ) -> None:
        self._store = store
        self._clock = clock
        self._rng = rng
        self._passwords = passwords
        self._audit = audit

    def of_organization(self, actor: Actor) -> Sequence[Admin]:
        """Answer the admins of the actor's organisation, oldest first."""
        return self._store.admins.of_organization(actor.organization_id)

    def create(self, organization_id: str, email: str) -> str:
        """Add an admin; the answer is the password, which is kept nowhere.

        Raises:
            NotFound: there is no such organisation.
            AdminExists: the address already belongs to an admin.
        """
        password = self._passwords.new()
        password_hash = self._passwords.hash(password)
        with self._store.transaction():
            if not self._store.organizations.exists(organization_id):
                raise NotFound
            self.add(operator_of(organization_id), email, password_hash)
        return password

    def add(self, actor: Actor, email: str, password_hash: str) -> None:
        """Add an admin to the actor's organisation, within a transaction. Raises AdminExists."""
        now = self._clock()
        admin_id = new_id("adm", self._rng)
        self._store.organizations.insert_admin(
            admin_id, actor.organization_id, email, password_hash, now
        )
        self._audit.append(actor, admin_created(admin_id, email, now))

    def reset_password(self, email: str) -> str:
        """Give an admin a new password, which is the answer; every session of theirs ends.

        Raises:
            NotFound: nobody has this address.
        """
        password = self._passwords.new()
        password_hash = self._passwords.hash(password)
        with self._store.transaction():
            found = self._store.admins.find(email)
            if found is None:
                raise NotFound
            admin, _ = found
            self._set_password(operator_of(admin.organization_id), admin, password_hash)
        return password

    def change_password(self, actor: Actor, admin: Admin, password: str) -> None:
        """Take a password of the admin's own choice; every session of theirs ends.

        Raises:
            ValidationFailed: it is not good enough.
        """
        demand_good_password(password, admin.email)
        password_hash = self._passwords.hash(password)
        with self._store.transaction():
            self._set_password(actor, admin, password_hash)

    def _set_password(self, actor: Actor, admin: Admin, password_hash: str) -> None:
        self._store.admins.set_password(admin, password_hash)
        self._store.admin_sessions.delete_of_admin(admin.id)
        self._audit.append(actor, password_changed(admin.id, admin.email, self._clock()))
