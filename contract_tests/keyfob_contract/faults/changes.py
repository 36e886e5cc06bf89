"""Faults in what creation, edits and rotation make of a key."""

import itertools
from dataclasses import replace
from typing import Any

from keyfob.domain import api_keys, lifecycle, secret_value
from keyfob.domain.api_keys import ApiKeys
from keyfob.domain.authentication import Authentication
from keyfob.handlers import api_keys as handlers
from keyfob.model import Actor, ApiKey, RateLimit, scope_words
from keyfob.schemas import fields
from keyfob.store.api_keys import ApiKeyRows, Credential
from keyfob_contract.faults.bending import with_header, with_members
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request


@fault(caught_by="edits_change_what_they_name")
def edits_are_lost(patch: Patch) -> None:
    """An edit of the description answers as if it had been done, and is not written down."""

    @patch(ApiKeyRows, "replace")
    def write(right: Right, self: Any, before: ApiKey, after: ApiKey, digest: Any) -> bool:
        return right(self, before, replace(after, description=before.description), digest)


@fault(caught_by="edits_change_what_they_name")
def edits_clear_what_they_do_not_name(patch: Patch) -> None:
    """An edit that does not name the description clears it."""

    @patch(lifecycle, "merged")
    def merged(right: Right, key: ApiKey, edit: Any) -> ApiKey:
        return right(key, {"description": None, **edit})


@fault(caught_by="edits_change_what_they_name")
def null_clears_nothing(patch: Patch) -> None:
    """An expiry cannot be cleared: null is taken for no change."""

    @patch(lifecycle, "merged")
    def merged(right: Right, key: ApiKey, edit: Any) -> ApiKey:
        named = {n: v for n, v in edit.items() if n != "expires_at" or v is not None}
        return right(key, named)


@fault(caught_by="edits_change_what_they_name")
def half_a_limit_resets_the_other_half(patch: Patch) -> None:
    """An edit of the requests of a rate limit resets its window."""

    @patch(lifecycle, "merged")
    def merged(right: Right, key: ApiKey, edit: Any) -> ApiKey:
        limit = edit.get("rate_limit")
        whole = {"window_seconds": 60, **limit} if limit else limit
        return right(key, {**edit, "rate_limit": whole} if limit else edit)


@fault(caught_by="edits_change_what_they_name")
def edits_change_the_value(patch: Patch) -> None:
    """An edit of the scopes replaces the value, which nobody is told."""

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, edit: Any, *others: Any) -> ApiKey:
        edited = right(self, actor, key_id, edit, *others)
        if "scopes" in edit:
            self.rotate(actor, key_id)
        return edited


@fault(caught_by="edits_change_what_they_name")
def edits_are_not_dated(patch: Patch) -> None:
    """updatedAt stays what it was when a key is edited."""

    @patch(lifecycle, "edited")
    def edited(right: Right, key: ApiKey, *how: Any) -> ApiKey:
        after = right(key, *how)
        return after if after is key else replace(after, updated_at=key.updated_at)


@fault(caught_by="edits_that_change_nothing_leave_no_trace")
def every_edit_is_a_change(patch: Patch) -> None:
    """An edit that changes nothing makes another version of the key, and an event."""

    @patch(lifecycle, "edited")
    def edited(right: Right, key: ApiKey, after: ApiKey, now: int) -> ApiKey:
        changed = right(key, after, now)
        return replace(key, version=key.version + 1, updated_at=now) if changed is key else changed


@fault(caught_by="edits_that_change_nothing_leave_no_trace")
def another_order_of_scopes_is_a_change(patch: Patch) -> None:
    """The same scopes in another order make another version of the key."""
    sent: list[str] = []

    @patch(handlers, "key_edit")
    def key_edit(right: Right, body: Any) -> Any:
        sent[:] = body.get("scopes", [])
        return right(body)

    @patch(lifecycle, "edited")
    def edited(right: Right, key: ApiKey, after: ApiKey, now: int) -> ApiKey:
        changed = right(key, after, now)
        is_another = sent and sent != scope_words(key.scopes)
        return replace(key, version=key.version + 1) if changed is key and is_another else changed


@fault(caught_by="rotation_keeps_all_but_the_value")
def rotation_is_due_from_creation(patch: Patch) -> None:
    """The next rotation is due as if the value had never been changed."""

    @patch(ApiKeys, "_view")
    def view(right: Right, self: Any, key: ApiKey, *how: Any) -> Any:
        return replace(right(self, replace(key, rotated_at=None), *how), key=key)


@fault(caught_by="rotation_keeps_all_but_the_value")
def rotation_changes_nothing(patch: Patch) -> None:
    """Rotation hands out the value that the key has already."""
    values: dict[str, str] = {}

    @patch(ApiKeys, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> tuple[ApiKey, str]:
        key, value = right(self, actor, draft)
        values[key.id] = value
        return key, value

    @patch(ApiKeys, "rotate")
    def rotate(right: Right, self: Any, actor: Actor, key_id: str) -> tuple[ApiKey, str]:
        known = values.get(key_id)
        return (self.get(actor, key_id), known) if known else right(self, actor, key_id)


@fault(caught_by="rotation_keeps_all_but_the_value")
def values_can_be_guessed(patch: Patch) -> None:
    """Values are numbered: whoever has one knows the next."""
    numbers = itertools.count(1)

    @patch(api_keys, "new_value")
    def new_value(_right: Right, prefix: str, _rng: Any) -> str:
        body = f"{prefix}_{next(numbers):027}"
        return body + vars(secret_value)["_checksum"](body)


@fault(caught_by="rotation_keeps_all_but_the_value")
def rotations_are_not_dated(patch: Patch) -> None:
    """rotatedAt stays what it was when a key is rotated."""

    @patch(lifecycle, "rotated")
    def rotated(right: Right, key: ApiKey, *how: Any) -> ApiKey:
        return replace(right(key, *how), rotated_at=key.rotated_at)


@fault(caught_by="rotation_keeps_all_but_the_value")
def rotation_keeps_the_hint(patch: Patch) -> None:
    """After a rotation the hint is still that of the old value."""

    @patch(lifecycle, "rotated")
    def rotated(right: Right, key: ApiKey, hint: str, now: int) -> ApiKey:
        return replace(right(key, hint, now), hint=key.hint)


@fault(caught_by="rotation_keeps_all_but_the_value")
def rotation_forgets_the_scopes(patch: Patch) -> None:
    """After a rotation a key has only the first of its scopes."""

    @patch(lifecycle, "rotated")
    def rotated(right: Right, key: ApiKey, hint: str, now: int) -> ApiKey:
        return replace(right(key, hint, now), scopes=next(iter(key.scopes)))


@fault(caught_by="rotation_keeps_all_but_the_value")
def only_the_value_before_the_last_is_dead(patch: Patch) -> None:
    """The value before the last rotation is dead, and the one before that works again."""

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        older = credential.current_secret_version - credential.secret_version
        now = credential.current_secret_version
        right(self, replace(credential, secret_version=now) if older > 1 else credential)


@fault(caught_by="new_keys_are_as_they_were_asked_for")
def creations_are_done_twice(patch: Patch) -> None:
    """A creation makes two keys, of which its author knows one."""

    @patch(ApiKeys, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        right(self, actor, draft)
        return right(self, actor, draft)


@fault(caught_by="new_keys_are_as_they_were_asked_for")
def descriptions_are_lost_at_creation(patch: Patch) -> None:
    """The description that a key is created with is forgotten."""

    @patch(ApiKeys, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        return right(self, actor, replace(draft, description=None))


@fault(caught_by="new_keys_are_as_they_were_asked_for")
def limits_are_other_than_promised(patch: Patch) -> None:
    """A key for which no rate limit is named gets another than the contract says."""

    @patch(ApiKeys, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        limit = RateLimit(60, 60) if draft.rate_limit == RateLimit() else draft.rate_limit
        return right(self, actor, replace(draft, rate_limit=limit))


@fault(caught_by="new_keys_are_as_they_were_asked_for")
def new_keys_are_somewhere_else(patch: Patch) -> None:
    """Location names a path at which there is nothing."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        place = reply.header("location")
        return reply if place is None else with_header(reply, "location", place[:-1])


@fault(caught_by="new_keys_are_as_they_were_asked_for")
def offsets_of_times_are_ignored(patch: Patch) -> None:
    """An expiry with an offset is taken for one in UTC."""

    @patch(fields, "parse_timestamp")
    def parse_timestamp(right: Right, text: str) -> int:
        return right(text.rpartition("+")[0] + "Z" if "+" in text else text)


@fault(caught_by="new_keys_are_as_they_were_asked_for")
def everything_is_made_by_the_operator(patch: Patch) -> None:
    """createdBy names another than who created the key."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if request.method != "POST" or reply.status != 201 or "createdBy" not in reply.json:
            return reply
        return with_members(reply, createdBy={"type": "operator", "id": "operator"})
