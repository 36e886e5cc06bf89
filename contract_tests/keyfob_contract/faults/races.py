"""Faults that only requests at the same time meet."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from keyfob.domain.api_keys import ApiKeys
from keyfob.domain.authentication import Authentication
from keyfob.domain.idempotency import Idempotency
from keyfob.errors import IdempotencyConflict, PreconditionFailed
from keyfob.model import Actor, ApiKey
from keyfob.reply import Reply
from keyfob.store import tables
from keyfob.store.api_keys import Credential
from keyfob.store.store import Store
from keyfob_contract.faults.fault import Patch, Right, fault

A_SLOW_STORE_SECONDS = 0.02
"""Wide enough a gap for another request to come between."""


@fault(caught_by="concurrent_rotations_leave_one_value")
def rotations_at_once_leave_many_values(patch: Patch) -> None:
    """Of several rotations at once each hands out a value that lives."""
    busy: list[str] = []
    living: set[tuple[str, int]] = set()

    @patch(ApiKeys, "rotate")
    def rotate(right: Right, self: Any, actor: Actor, key_id: str) -> tuple[ApiKey, str]:
        busy.append(key_id)
        key, value = right(self, actor, key_id)
        time.sleep(A_SLOW_STORE_SECONDS)
        living.update({(key_id, key.secret_version)} if busy.count(key_id) > 1 else ())
        busy.remove(key_id)
        return key, value

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        if (credential.key_id, credential.secret_version) not in living:
            right(self, credential)


@fault(caught_by="concurrent_creations_with_one_idempotency_key_make_one")
def twins_do_not_wait(patch: Patch) -> None:
    """An Idempotency-Key is noted only once its creation is done, so that twins create, too."""
    busy: list[str | None] = []

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        key = what[2]
        busy.append(key)
        time.sleep(A_SLOW_STORE_SECONDS if key else 0)
        try:
            is_twin = key is not None and busy.count(key) > 1
            return how["create"]() if is_twin else right(self, *what, **how)
        finally:
            busy.remove(key)


@fault(caught_by="no_use_succeeds_after_the_reply_to_revoke")
def uses_in_flight_undo_the_revocation(patch: Patch) -> None:
    """A request that began before a revocation writes the key as it knew it, and so undoes it."""
    busy: list[str] = []

    @patch(ApiKeys, "revoke")
    def revoke(right: Right, self: Any, *how: Any) -> ApiKey:
        time.sleep(A_SLOW_STORE_SECONDS if busy else 0)
        return right(self, *how)

    @patch(ApiKeys, "get")
    def get(right: Right, self: Any, actor: Actor, key_id: str) -> ApiKey:
        key = right(self, actor, key_id)
        if actor.ref.id != key_id:
            return key
        busy.append(key_id)
        time.sleep(3 * A_SLOW_STORE_SECONDS if busy.count(key_id) > 1 else 0)
        undone = tables.ApiKey.update({tables.ApiKey.revoked_at: key.revoked_at})
        undone.where(tables.ApiKey.id == key_id).execute(self._store.database)
        busy.remove(key_id)
        return key


@contextmanager
def no_transaction(_store: Store) -> Generator[None]:
    """Let every statement stand for itself."""
    yield


@fault(caught_by="twins_get_the_first_reply")
def twins_of_sites_are_turned_away(patch: Patch) -> None:
    """Who creates a site while his twin does is told that somebody is at it already."""
    busy: list[str | None] = []

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        _actor, operation, key, _body = what
        if operation != "createSite" or key is None:
            return right(self, *what, **how)
        if key in busy:
            raise IdempotencyConflict(reason="different_body")
        busy.append(key)
        time.sleep(A_SLOW_STORE_SECONDS)
        try:
            return right(self, *what, **how)
        finally:
            busy.remove(key)


@fault(caught_by="of_many_edits_at_once_one_meets_its_tag")
def the_last_of_many_edits_wins(patch: Patch) -> None:
    """The tag is compared before the edit is made, so that of several at once each is made."""

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, *how: Any) -> ApiKey:
        change, versions = how
        if versions is not None and self.get(actor, key_id).version not in versions:
            raise PreconditionFailed
        time.sleep(A_SLOW_STORE_SECONDS if versions is not None else 0)
        return right(self, actor, key_id, change, None)
