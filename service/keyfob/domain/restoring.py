"""What has died since a backup stays dead when the backup comes back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from keyfob.domain.audit_changes import AuditAction, key_changed
from keyfob.domain.authority import operator_of
from keyfob.domain.keyfob import Keyfob
from keyfob.model import ApiKey, RevokedReason
from keyfob.store.store import Store
from keyfob.store.survey import Survey

KEYS_AT_A_TIME = 500


class Death(StrEnum):
    """What a restoration does again, as an operator is told of it."""

    ROTATED = "values replaced"
    REVOKED = "keys revoked"
    DELETED = "keys deleted"
    EXPIRED = "keys expired"
    PASSWORD = "passwords replaced"  # noqa: S105  that is its name


def reapply_deaths(current: Store, restored: Keyfob) -> Counter[Death]:
    """Do to the restored store what was done to the current one since; all of it or nothing.

    Of each key that both know, the value that works afterwards is one that works now, if any does;
    what the current store has revoked, deleted or let expire does not work. Each is an event of the
    operator's in the audit trail. Passwords are those of now, and everybody signs in anew. All else
    (names, scopes, keys made since) is as the backup has it.
    """
    restoration = _Restoration(current, restored)
    with restored.store.transaction():
        after = ""
        while keys := restoration.theirs.keys(after, KEYS_AT_A_TIME):
            restoration.take(keys)
            after = keys[-1].id
        restoration.take_passwords()
    return restoration.deaths


class _Restoration:
    def __init__(self, current: Store, restored: Keyfob) -> None:
        self.deaths: Counter[Death] = Counter()
        self.theirs = Survey(restored.store.database)
        self._ours = Survey(current.database)
        self._keyfob = restored

    def take(self, keys: list[ApiKey]) -> None:
        ids = [key.id for key in keys]
        deleted, living = self._ours.deleted_of(ids), self._ours.keys_of(ids)
        for key in keys:
            if key.id in deleted:
                self._delete(key)
            elif key.id in living:
                self._expire(key, living[key.id])
                self._rotate(key, living[key.id])
                self._revoke(key, living[key.id])

    def take_passwords(self) -> None:
        hashes = self._ours.password_hashes()
        for admin_id, password_hash in self.theirs.password_hashes().items():
            if hashes.get(admin_id, password_hash) != password_hash:
                self.theirs.set_password_hash(admin_id, hashes[admin_id])
                self.deaths[Death.PASSWORD] += 1
        self.theirs.end_all_sessions()

    def _delete(self, key: ApiKey) -> None:
        operator = operator_of(key.organization_id)
        self._keyfob.api_keys.revoke(operator, key.id, RevokedReason.OTHER)
        self._keyfob.api_keys.delete(operator, key.id)
        self.deaths[Death.DELETED] += 1

    def _expire(self, key: ApiKey, now_is: ApiKey) -> None:
        if now_is.expires_at is None or now_is.expires_at > self._keyfob.clock():
            return
        if key.expires_at is None or key.expires_at > now_is.expires_at:
            after = replace(key, expires_at=now_is.expires_at)
            self._change(AuditAction.API_KEY_UPDATED, key, after)
            self.deaths[Death.EXPIRED] += 1

    def _rotate(self, key: ApiKey, now_is: ApiKey) -> None:
        then, now = self.theirs.digests_of(key.id), self._ours.digests_of(key.id)
        live = now[now_is.secret_version]
        if then[key.secret_version] == live or now_is.secret_version < key.secret_version:
            return
        # The same number and another value: the two have gone apart after an earlier restoration.
        version = max(now_is.secret_version, key.secret_version + 1)
        self._note_dead_values(key, now, version)
        before = self._keyfob.api_keys.get(operator_of(key.organization_id), key.id)
        after = replace(
            before, secret_version=version, hint=now_is.hint, rotated_at=now_is.rotated_at
        )
        self._change(AuditAction.API_KEY_ROTATED, before, after, live)
        self.deaths[Death.ROTATED] += 1

    def _note_dead_values(self, key: ApiKey, digests: Mapping[int, bytes], version: int) -> None:
        for number, digest in digests.items():
            if key.secret_version < number < version:
                self.theirs.add_digest(key.id, number, digest)

    def _revoke(self, key: ApiKey, now_is: ApiKey) -> None:
        if now_is.revoked_reason is None:
            return
        operator = operator_of(key.organization_id)
        after = self._keyfob.api_keys.revoke(operator, key.id, now_is.revoked_reason)
        self.deaths[Death.REVOKED] += after.revoked_reason is not key.revoked_reason

    def _change(
        self, action: AuditAction, before: ApiKey, after: ApiKey, digest: bytes | None = None
    ) -> None:
        after = replace(after, version=before.version + 1, updated_at=self._keyfob.clock())
        self._keyfob.store.api_keys.replace(before, after, digest)
        actor = operator_of(before.organization_id)
        self._keyfob.audit.append(actor, key_changed(action, before, after))
