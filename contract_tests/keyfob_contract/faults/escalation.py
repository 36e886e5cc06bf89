"""Faults in what keeps a key from granting more than it holds."""

from dataclasses import replace
from typing import Any

from keyfob.domain import api_keys, lifecycle
from keyfob.domain.api_keys import ApiKeys
from keyfob.domain.authority import demand_grant_within, demand_key_within
from keyfob.errors import KeyIsActive, KeyIsRevoked, ScopeEscalation
from keyfob.handlers import api_keys as handlers
from keyfob.model import ALL_SCOPES, EVERY_SITE, Actor, ApiKey, Scope, scope_words
from keyfob_contract.faults.fault import Patch, Right, fault


@fault(caught_by="nobody_creates_more_than_it_holds")
def keys_grant_scopes_that_they_lack(patch: Patch) -> None:
    """A key creates keys with scopes that it does not hold itself."""

    @patch(api_keys, "demand_grant_within")
    def demand(right: Right, actor: Actor, scopes: Scope, *others: Any) -> None:
        right(actor, scopes & actor.scopes, *others)


@fault(caught_by="nobody_creates_more_than_it_holds")
def limited_keys_grant_every_site(patch: Patch) -> None:
    """A key that is limited to sites creates keys for every site."""

    @patch(api_keys, "demand_grant_within")
    def demand(right: Right, actor: Actor, scopes: Scope, _sites: Any, expires_at: Any) -> None:
        right(actor, scopes, actor.sites, expires_at)


@fault(caught_by="nobody_creates_more_than_it_holds")
def keys_that_expire_make_keys_that_do_not(patch: Patch) -> None:
    """A key that expires creates keys that never do: no expiry is not taken for a late one."""

    @patch(api_keys, "demand_grant_within")
    def demand(right: Right, actor: Actor, scopes: Scope, sites: Any, expires_at: Any) -> None:
        right(actor, scopes, sites, actor.expires_at if expires_at is None else expires_at)


@fault(caught_by="nobody_creates_more_than_it_holds")
def what_was_too_much_is_not_named(patch: Patch) -> None:
    """Who would grant too much is not told what."""

    @patch(api_keys, "demand_grant_within")
    def demand(right: Right, *asked: Any) -> None:
        try:
            right(*asked)
        except ScopeEscalation:
            raise ScopeEscalation from None


@fault(caught_by="nobody_edits_beyond_what_it_holds")
def an_edit_may_grant_more(patch: Patch) -> None:
    """An edit looks at what the key is, and not at what it will be."""
    edited: list[ApiKey] = []

    @patch(lifecycle, "merged")
    def merged(right: Right, key: ApiKey, edit: Any) -> ApiKey:
        edited.append(right(key, edit))
        return edited[-1]

    @patch(api_keys, "demand_key_within")
    def demand(right: Right, actor: Actor, key: ApiKey) -> None:
        if not any(key is each for each in edited):
            right(actor, key)


@fault(caught_by="nobody_edits_beyond_what_it_holds")
def stronger_keys_can_be_edited(patch: Patch) -> None:
    """An edit looks only at what it changes, so that a key edits keys that hold more than it."""

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, edit: Any, *others: Any) -> ApiKey:
        ends = edit.get("expires_at", actor.expires_at)
        demand_grant_within(actor, edit.get("scopes", Scope(0)), actor.sites, ends)
        return right(self, _mighty(actor), key_id, edit, *others)


@fault(caught_by="nobody_rotates_beyond_what_it_holds")
def stronger_keys_can_be_rotated(patch: Patch) -> None:
    """A key rotates keys that hold more than it, and so gets a value that may do more."""

    @patch(ApiKeys, "rotate")
    def rotate(right: Right, self: Any, actor: Actor, key_id: str) -> Any:
        return right(self, _mighty(actor), key_id)


@fault(caught_by="nobody_reactivates_beyond_what_it_holds")
def stronger_keys_can_be_reactivated(patch: Patch) -> None:
    """A key reactivates keys that hold more than it."""

    @patch(ApiKeys, "reactivate")
    def reactivate(right: Right, self: Any, actor: Actor, key_id: str) -> ApiKey:
        return right(self, _mighty(actor), key_id)


@fault(caught_by="nobody_creates_more_than_it_holds")
def refused_grants_are_made(patch: Patch) -> None:
    """The creation of a key that holds too much is refused, and the key is made all the same."""

    @patch(ApiKeys, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        try:
            return right(self, actor, draft)
        except ScopeEscalation:
            right(self, replace(_mighty(actor), sites=EVERY_SITE), draft)
            raise


@fault(caught_by="nobody_rotates_beyond_what_it_holds")
def refused_rotations_replace_the_value(patch: Patch) -> None:
    """The rotation of a stronger key is refused, and its value is dead all the same."""

    @patch(ApiKeys, "rotate")
    def rotate(right: Right, self: Any, actor: Actor, key_id: str) -> Any:
        try:
            return right(self, actor, key_id)
        except ScopeEscalation:
            right(self, _mighty(actor), key_id)
            raise


@fault(caught_by="nobody_rotates_beyond_what_it_holds")
def states_outweigh_what_keys_hold(patch: Patch) -> None:
    """Who may not rotate a key is told first that it is revoked."""

    @patch(ApiKeys, "rotate")
    def rotate(right: Right, self: Any, actor: Actor, key_id: str) -> Any:
        if self.get(actor, key_id).revoked_at is not None:
            raise KeyIsRevoked
        return right(self, actor, key_id)


@fault(caught_by="nobody_reactivates_beyond_what_it_holds")
def active_keys_are_told_from_stronger_ones(patch: Patch) -> None:
    """Who may not reactivate a key is told first that it is active."""

    @patch(ApiKeys, "reactivate")
    def reactivate(right: Right, self: Any, actor: Actor, key_id: str) -> ApiKey:
        if self.get(actor, key_id).revoked_at is None:
            raise KeyIsActive
        return right(self, actor, key_id)


@fault(caught_by="nobody_creates_more_than_it_holds")
def scopes_that_are_held_are_called_too_much(patch: Patch) -> None:
    """Who would grant too much is told all scopes that he named, and not those that he lacks."""

    @patch(api_keys, "demand_grant_within")
    def demand(right: Right, actor: Actor, scopes: Scope, *others: Any) -> None:
        try:
            right(actor, scopes, *others)
        except ScopeEscalation as refused:
            named = {"scopes": scope_words(scopes)} if "scopes" in refused.details else {}
            raise ScopeEscalation(**{**refused.details, **named}) from None


@fault(caught_by="nobody_creates_more_than_it_holds")
def one_excess_is_named_at_a_time(patch: Patch) -> None:
    """Who would grant several things too much is told of the first one."""

    @patch(api_keys, "demand_grant_within")
    def demand(right: Right, *asked: Any) -> None:
        try:
            right(*asked)
        except ScopeEscalation as refused:
            raise ScopeEscalation(**dict([next(iter(refused.details.items()))])) from None


@fault(caught_by="nobody_widens_itself")
def keys_widen_themselves(patch: Patch) -> None:
    """A key gives itself what it does not hold."""

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, *how: Any) -> ApiKey:
        able = replace(_mighty(actor), sites=EVERY_SITE) if key_id == actor.ref.id else actor
        return right(self, able, key_id, *how)


@fault(caught_by="nobody_widens_itself")
def keys_cannot_revoke_themselves(patch: Patch) -> None:
    """A key that revokes itself is told that it has, and lives on."""

    @patch(ApiKeys, "revoke")
    def revoke(right: Right, self: Any, actor: Actor, key_id: str, reason: Any) -> ApiKey:
        is_own = key_id == actor.ref.id
        return self.get(actor, key_id) if is_own else right(self, actor, key_id, reason)


@fault(caught_by="revoking_takes_no_more_than_its_scope")
def stronger_keys_cannot_be_revoked(patch: Patch) -> None:
    """Only who holds all that a key does can revoke it, so that in an emergency nobody may."""

    @patch(ApiKeys, "revoke")
    def revoke(right: Right, self: Any, actor: Actor, key_id: str, reason: Any) -> ApiKey:
        demand_key_within(actor, self.get(actor, key_id))
        return right(self, actor, key_id, reason)


def _mighty(actor: Actor) -> Actor:
    return replace(actor, scopes=ALL_SCOPES, expires_at=None)


@fault(caught_by="nobody_creates_more_than_it_holds")
def no_end_is_no_grant_of_time(patch: Patch) -> None:
    """A key that ends makes a key without an end, if it only leaves out when that one ends."""
    left_out: list[bool] = []

    @patch(handlers, "key_draft")
    def key_draft(right: Right, body: Any) -> Any:
        left_out[:] = ["expiresAt" not in body]
        return right(body)

    @patch(ApiKeys, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        free = replace(actor, expires_at=None) if True in left_out else actor
        return right(self, free, draft)


@fault(caught_by="nobody_edits_beyond_what_it_holds")
def stronger_keys_may_be_narrowed(patch: Patch) -> None:
    """A key edits one that holds more than it does, if only the edit takes that away."""
    begun: list[str] = []

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, *how: Any) -> ApiKey:
        begun[:] = [key_id]
        return right(self, actor, key_id, *how)

    @patch(api_keys, "demand_key_within")
    def demand_key_within(right: Right, actor: Actor, key: ApiKey) -> None:
        if key.id in begun:
            begun.clear()  # as it is; it is looked at again as it would be
        else:
            right(actor, key)
