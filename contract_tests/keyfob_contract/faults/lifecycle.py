"""Faults in the state table of a key."""

from dataclasses import replace
from typing import Any

from keyfob.domain import lifecycle
from keyfob.domain.api_keys import ApiKeys, KeyView
from keyfob.domain.authentication import Authentication
from keyfob.errors import ApiKeyRotated, KeyIsExpired, KeyNotRevoked
from keyfob.model import Actor, ApiKey, KeyStatus, RevokedReason
from keyfob.store.api_keys import ApiKeyRows
from keyfob.store.key_filters import KeyFilter
from keyfob_contract.faults.bending import with_header, with_members
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request


@fault(caught_by="the_state_table_holds")
def active_keys_can_be_deleted(patch: Patch) -> None:
    """A key that works can be deleted."""

    @patch(lifecycle, "demand_deletable")
    def demand_deletable(right: Right, key: ApiKey, now: int) -> None:
        if key.status(now) is not KeyStatus.ACTIVE:
            right(key, now)


@fault(caught_by="the_state_table_holds")
def expired_keys_can_be_deleted(patch: Patch) -> None:
    """An expired key can be deleted without being revoked first."""

    @patch(lifecycle, "demand_deletable")
    def demand_deletable(right: Right, key: ApiKey, now: int) -> None:
        if key.status(now) is not KeyStatus.EXPIRED:
            right(key, now)


@fault(caught_by="the_state_table_holds")
def revoked_keys_that_expired_stay(patch: Patch) -> None:
    """A revoked key whose expiry has passed cannot be deleted."""

    @patch(lifecycle, "demand_deletable")
    def demand_deletable(right: Right, key: ApiKey, now: int) -> None:
        if key.expires_at is not None and key.expires_at <= now:
            raise KeyNotRevoked
        right(key, now)


@fault(caught_by="the_state_table_holds")
def expiry_outweighs_rotation(patch: Patch) -> None:
    """A replaced value is called expired once its key is, so that nobody looks for who sends it."""

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Any) -> None:
        try:
            right(self, credential)
        except ApiKeyRotated:
            latest = credential.current_secret_version
            right(self, replace(credential, secret_version=latest, revoked=False))
            raise


@fault(caught_by="the_state_table_holds")
def expiry_outweighs_revocation(patch: Patch) -> None:
    """Who rotates a key that is revoked and expired is told that it is expired."""

    @patch(lifecycle, "rotated")
    def rotated(right: Right, key: ApiKey, hint: str, now: int) -> ApiKey:
        if key.expires_at is not None and key.expires_at <= now:
            raise KeyIsExpired
        return right(key, hint, now)


@fault(caught_by="new_keys_are_as_they_were_asked_for")
def new_keys_have_another_tag(patch: Patch) -> None:
    """The tag in the reply to a creation is none that an edit takes."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        is_new = reply.status == 201 and reply.header("etag")
        return with_header(reply, "etag", '"new"') if is_new else reply


@fault(caught_by="new_keys_are_as_they_were_asked_for")
def the_calling_key_has_another_tag(patch: Patch) -> None:
    """getCurrentApiKey answers another tag than getApiKey."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        is_own = request.path.endswith("/current") and reply.header("etag")
        return with_header(reply, "etag", '"current"') if is_own else reply


@fault(caught_by="the_state_table_holds")
def rotation_revives_revoked_keys(patch: Patch) -> None:
    """A revoked key can be rotated, and works again."""

    @patch(lifecycle, "rotated")
    def rotated(right: Right, key: ApiKey, hint: str, now: int) -> ApiKey:
        return right(replace(key, revoked_at=None, revoked_reason=None), hint, now)


@fault(caught_by="the_state_table_holds")
def rotation_revives_expired_keys(patch: Patch) -> None:
    """An expired key can be rotated, and works again."""

    @patch(lifecycle, "rotated")
    def rotated(right: Right, key: ApiKey, hint: str, now: int) -> ApiKey:
        is_expired = key.status(now) is KeyStatus.EXPIRED
        return right(replace(key, expires_at=None) if is_expired else key, hint, now)


@fault(caught_by="the_state_table_holds")
def compromised_keys_come_back(patch: Patch) -> None:
    """A key that was revoked as compromised can be reactivated."""

    @patch(lifecycle, "reactivated")
    def reactivated(right: Right, key: ApiKey, now: int) -> ApiKey:
        return right(replace(key, revoked_reason=None), now)


@fault(caught_by="the_state_table_holds")
def reactivation_forgets_the_expiry(patch: Patch) -> None:
    """A key whose expiry passed while it was revoked works after its reactivation."""

    @patch(lifecycle, "reactivated")
    def reactivated(right: Right, key: ApiKey, now: int) -> ApiKey:
        return replace(right(key, now), expires_at=None)


@fault(caught_by="the_state_table_holds")
def a_second_revocation_changes_the_reason(patch: Patch) -> None:
    """To revoke a key again makes a compromised one merely unused."""

    @patch(lifecycle, "revoked")
    def revoked(right: Right, key: ApiKey, reason: Any, now: int) -> ApiKey:
        return right(replace(key, revoked_at=None, revoked_reason=None), reason, now)


@fault(caught_by="the_state_table_holds")
def a_second_revocation_is_another_change(patch: Patch) -> None:
    """To revoke a key that is revoked makes another version of it, and an event."""

    @patch(lifecycle, "revoked")
    def revoked(right: Right, key: ApiKey, reason: Any, now: int) -> ApiKey:
        after = right(key, reason, now)
        return replace(key, version=key.version + 1, updated_at=now) if after is key else after


@fault(caught_by="the_state_table_holds")
def revoked_keys_can_be_edited(patch: Patch) -> None:
    """A revoked key can be edited."""

    @patch(lifecycle, "edited")
    def edited(right: Right, key: ApiKey, after: ApiKey, now: int) -> ApiKey:
        changed = right(replace(key, revoked_at=None), replace(after, revoked_at=None), now)
        return (
            key if changed.version == key.version else replace(changed, revoked_at=key.revoked_at)
        )


@fault(caught_by="the_state_table_holds")
def expired_keys_cannot_be_extended(patch: Patch) -> None:
    """An expired key cannot be edited, so that it never comes back."""

    @patch(lifecycle, "edited")
    def edited(right: Right, key: ApiKey, after: ApiKey, now: int) -> ApiKey:
        if key.status(now) is KeyStatus.EXPIRED:
            raise KeyIsExpired
        return right(key, after, now)


@fault(caught_by="the_state_table_holds")
def revocations_are_lost(patch: Patch) -> None:
    """A revocation answers as if it had been done, and is not written down."""

    @patch(ApiKeyRows, "replace")
    def write(right: Right, self: Any, before: ApiKey, after: ApiKey, digest: Any) -> bool:
        is_revocation = before.revoked_at is None and after.revoked_at is not None
        return is_revocation or right(self, before, after, digest)


@fault(caught_by="the_state_table_holds")
def revoking_stops_the_neighbour(patch: Patch) -> None:
    """Who revokes a key also revokes the one that was made before it."""

    @patch(ApiKeys, "revoke")
    def revoke(right: Right, self: Any, actor: Actor, key_id: str, reason: Any) -> ApiKey:
        revoked = right(self, actor, key_id, reason)
        asked = KeyFilter(actor.organization_id, actor.sites)
        for neighbour in self._store.api_keys.page(asked, None, 0, revoked.position, 1):
            right(self, actor, neighbour.id, reason)
        return revoked


@fault(caught_by="the_state_table_holds")
def revocations_are_not_dated(patch: Patch) -> None:
    """A revoked key does not tell when it was revoked."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        is_key = reply.status == 200 and b'"revokedAt"' in reply.body and "id" in reply.json
        return with_members(reply, revokedAt=None) if is_key else reply


@fault(caught_by="the_state_table_holds")
def revoked_keys_look_active(patch: Patch) -> None:
    """A revoked key is shown as active."""

    @patch(ApiKeys, "_view")
    def view(right: Right, self: Any, *shown: Any) -> KeyView:
        seen = right(self, *shown)
        is_revoked = seen.status is KeyStatus.REVOKED
        return replace(seen, status=KeyStatus.ACTIVE) if is_revoked else seen


@fault(caught_by="the_state_table_holds")
def a_worse_reason_revokes_anew(patch: Patch) -> None:
    """When a revoked key turns out to be compromised it is said to have been revoked just then."""

    @patch(lifecycle, "revoked")
    def revoked(right: Right, key: ApiKey, reason: Any, now: int) -> ApiKey:
        changed = right(key, reason, now)
        return changed if changed is key else replace(changed, revoked_at=now)


@fault(caught_by="the_state_table_holds")
def to_revoke_again_changes_the_reason(patch: Patch) -> None:
    """Who revokes a revoked key again changes why it was revoked."""

    @patch(lifecycle, "revoked")
    def revoked(right: Right, key: ApiKey, reason: Any, now: int) -> ApiKey:
        changed = right(key, reason, now)
        is_free = key.revoked_at is not None and key.revoked_reason is not RevokedReason.COMPROMISED
        return replace(changed, revoked_reason=reason) if is_free else changed
