"""Faults in If-Match, ETag and Idempotency-Key."""

import json
from dataclasses import replace
from typing import Any

from keyfob.domain import idempotency, lifecycle
from keyfob.domain.api_keys import ApiKeys
from keyfob.domain.idempotency import Idempotency
from keyfob.errors import IdempotencyConflict, KeyfobError, PreconditionFailed
from keyfob.handlers import api_keys as handlers
from keyfob.model import Actor, ActorRef, ApiKey
from keyfob.reply import Json, Reply
from keyfob_contract.faults.fault import Patch, Right, fault


@fault(caught_by="edits_honour_if_match")
def if_match_is_not_looked_at(patch: Patch) -> None:
    """An edit with an old tag overwrites what others changed meanwhile."""
    patch.put(handlers, "matched_versions", lambda _if_match: None)


@fault(caught_by="edits_honour_if_match")
def weak_tags_match(patch: Patch) -> None:
    """A weak tag matches, which If-Match does not allow."""

    @patch(handlers, "matched_versions")
    def matched_versions(right: Right, if_match: str | None) -> Any:
        return right(None if if_match is None else if_match.replace("W/", ""))


@fault(caught_by="edits_honour_if_match")
def only_the_first_tag_counts(patch: Patch) -> None:
    """Of several tags in If-Match only the first one is looked at."""

    @patch(handlers, "matched_versions")
    def matched_versions(right: Right, if_match: str | None) -> Any:
        return right(None if if_match is None else if_match.partition(",")[0])


@fault(caught_by="edits_honour_if_match")
def the_star_matches_nothing(patch: Patch) -> None:
    """If-Match: * is 412, though the key is there."""

    @patch(handlers, "matched_versions")
    def matched_versions(right: Right, if_match: str | None) -> Any:
        return frozenset[int]() if if_match == "*" else right(if_match)


@fault(caught_by="edits_honour_if_match")
def tags_outweigh_states(patch: Patch) -> None:
    """An edit of a revoked key with an old tag is 412, so that its author tries again in vain."""

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, *how: Any) -> ApiKey:
        _edit, versions = how
        if versions is not None and self.get(actor, key_id).version not in versions:
            raise PreconditionFailed
        return right(self, actor, key_id, *how)


@fault(caught_by="edits_honour_if_match")
def edits_that_change_nothing_need_no_tag(patch: Patch) -> None:
    """An edit that changes nothing passes with any tag."""

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, *how: Any) -> ApiKey:
        key = self.get(actor, key_id)
        changes, _versions = how
        if key.revoked_at is None and lifecycle.merged(key, changes) == key:
            return key
        return right(self, actor, key_id, *how)


@fault(caught_by="edits_honour_if_match")
def tags_outweigh_what_keys_hold(patch: Patch) -> None:
    """Who may not edit a key is told first that his tag is old."""

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, *how: Any) -> ApiKey:
        _edit, versions = how
        key = self.get(actor, key_id)
        if versions is not None and key.version not in versions and key.revoked_at is None:
            raise PreconditionFailed
        return right(self, actor, key_id, *how)


@fault(caught_by="tags_name_versions_of_the_configuration")
def use_changes_the_tag(patch: Patch) -> None:
    """A key has another tag after each use, so that whoever edits it comes too late."""
    patch.put(handlers, "etag", lambda key: f'"{key.version}{key.last_used_at or ""}"')


@fault(caught_by="tags_name_versions_of_the_configuration")
def rotation_keeps_the_tag(patch: Patch) -> None:
    """A rotation leaves the tag as it was."""

    @patch(lifecycle, "rotated")
    def rotated(right: Right, key: ApiKey, hint: str, now: int) -> ApiKey:
        return replace(right(key, hint, now), version=key.version)


@fault(caught_by="repeated_creations_happen_once")
def idempotency_keys_are_not_looked_at(patch: Patch) -> None:
    """A repeated creation creates again."""

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        actor, operation, _key, body = what
        return right(self, actor, operation, None, body, **how)


@fault(caught_by="repeated_creations_happen_once")
def another_body_gets_the_first_reply(patch: Patch) -> None:
    """An Idempotency-Key that comes again with another body is answered the first reply."""

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        actor, operation, key, _body = what
        return right(self, actor, operation, key, {}, **how)


@fault(caught_by="repeated_creations_happen_once")
def a_repeated_creation_answers_200(patch: Patch) -> None:
    """A repeated creation answers 200, and not as the first time."""

    @patch(idempotency, "_repeated")
    def repeated(right: Right, remembered: Json) -> Reply:
        return replace(right(remembered), status=200)


@fault(caught_by="repeated_creations_happen_once")
def another_body_is_refused_and_made(patch: Patch) -> None:
    """An Idempotency-Key that comes with another body is 409, and creates all the same."""

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        try:
            return right(self, *what, **how)
        except IdempotencyConflict as conflict:
            if conflict.details["reason"] == "different_body":
                how["create"]()
            raise


@fault(caught_by="repeated_creations_take_what_first_ones_do")
def repeated_creations_take_nothing(patch: Patch) -> None:
    """Who holds too little by then is told all the same what he has created before."""

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        return right(self, *what, **how | {"demand_may_create": lambda: None})


@fault(caught_by="repeated_creations_take_what_first_ones_do")
def rotations_forget_creations(patch: Patch) -> None:
    """Under its next value a key creates again what it has created."""
    rotated: list[str] = []

    @patch(ApiKeys, "rotate")
    def rotate(right: Right, self: Any, actor: Actor, key_id: str) -> Any:
        rotated.append(key_id)
        return right(self, actor, key_id)

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, actor: Actor, *what: Any, **how: Any) -> Reply:
        version = rotated.count(actor.ref.id)
        ref = replace(actor.ref, id=f"{actor.ref.id}{version or ''}")
        return right(self, replace(actor, ref=ref), *what, **how)


@fault(caught_by="idempotency_keys_are_their_callers_own")
def callers_share_idempotency_keys(patch: Patch) -> None:
    """Who uses an Idempotency-Key that another caller has used is answered the other's reply."""

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, actor: Actor, *what: Any, **how: Any) -> Reply:
        everybody = replace(actor, ref=ActorRef(actor.ref.type, "everybody"))
        return right(self, everybody, *what, **how)


@fault(caught_by="idempotency_keys_are_their_callers_own")
def organizations_share_idempotency_keys(patch: Patch) -> None:
    """Who uses an Idempotency-Key of another organisation is answered what it has made."""
    first: dict[tuple[str, str], tuple[str, Reply]] = {}

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, actor: Actor, *what: Any, **how: Any) -> Reply:
        operation, key, _body = what
        organization_id, reply = first.get((operation, key), (actor.organization_id, None))
        if reply is None or organization_id == actor.organization_id:
            reply = right(self, actor, *what, **how)
            first.setdefault((operation, key), (organization_id, reply))
        return reply


@fault(caught_by="idempotency_keys_are_their_callers_own")
def operations_share_idempotency_keys(patch: Patch) -> None:
    """An Idempotency-Key that has made one thing is in the way of making another."""

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        actor, _operation, *rest = what
        return right(self, actor, "create", *rest, **how)


@fault(caught_by="repeated_creations_happen_once")
def idempotency_keys_are_folded(patch: Patch) -> None:
    """Idempotency-Keys that differ in case only are taken for the same."""

    @patch(Idempotency, "_digest")
    def digest(right: Right, self: Any, text: str) -> bytes:
        return right(self, text.lower())


@fault(caught_by="repeated_creations_happen_once")
def failed_creations_use_up_their_key(patch: Patch) -> None:
    """A creation that was refused uses up its Idempotency-Key, so that nobody can try again."""
    used: set[str] = set()

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        key = what[2]
        if key in used:
            raise IdempotencyConflict(reason="different_body")
        try:
            return right(self, *what, **how)
        except KeyfobError:
            used.update({key} - {None})
            raise


@fault(caught_by="a_repeated_key_creation_shows_no_value")
def a_repeated_creation_shows_the_value_again(patch: Patch) -> None:
    """The reply to a creation, value and all, is kept, and answered again."""

    def remembered(reply: Reply) -> str:
        body, headers = dict(reply.body or {}), dict(reply.headers)
        return json.dumps({"status": reply.status, "body": body, "headers": headers})

    patch.put(idempotency, "_remembered", remembered)


@fault(caught_by="a_repeated_key_creation_shows_no_value")
def a_repeated_creation_does_not_name_the_key(patch: Patch) -> None:
    """Who repeats the creation of a key is not told which key he has."""

    @patch(Idempotency, "once")
    def once(right: Right, self: Any, *what: Any, **how: Any) -> Reply:
        try:
            return right(self, *what, **how)
        except IdempotencyConflict as conflict:
            raise IdempotencyConflict(reason=conflict.details["reason"]) from None
