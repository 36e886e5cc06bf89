"""Faults in how soon a change is true, and for how long."""

import itertools
import time
from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any

from keyfob.domain import lifecycle
from keyfob.domain.authentication import Authentication
from keyfob.model import ApiKey
from keyfob.store import tables
from keyfob.store.api_keys import ApiKeyRows, Credential
from keyfob_contract.faults.bending import with_members
from keyfob_contract.faults.dead_keys import keep_values_of_deleted_keys
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.rules.paths import AUTHORIZE, KEYS, SITES, VISITORS
from keyfob_contract.wire.message import Reply, Request

OVERLAP_MS = 2000
WORKERS = 4


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def dead_keys_are_accepted_once(patch: Patch) -> None:
    """A key is judged by what a cache knew before, so that a dead one is accepted once."""
    known: dict[bytes, Credential | None] = {}

    @patch(ApiKeyRows, "find_credential")
    def find_credential(right: Right, self: Any, digest: bytes) -> Credential | None:
        before = known.get(digest)
        known[digest] = right(self, digest)
        return before or known[digest]


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def a_cache_in_front_answers_reads(patch: Patch) -> None:
    """A cache in front answers again for two seconds what a key has read."""
    kept: dict[tuple[str, str], tuple[float, Reply]] = {}

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        name = (request.target, str(request.header_values("authorization")))
        at, known = kept.get(name, (0.0, reply))
        if request.method == "GET" and time.monotonic() - at < OVERLAP_MS / 1000:
            return known
        if request.method == "GET" and reply.status == 200:
            kept[name] = (time.monotonic(), reply)
        return reply


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def replaced_values_live_on_for_two_seconds(patch: Patch) -> None:
    """The value that a rotation replaced works for another two seconds."""
    rotated_at: dict[str, int] = {}

    @patch(lifecycle, "rotated")
    def rotated(right: Right, key: ApiKey, hint: str, now: int) -> ApiKey:
        rotated_at[key.id] = now
        return right(key, hint, now)

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        if self._clock() - rotated_at.get(credential.key_id, -OVERLAP_MS) >= OVERLAP_MS:
            right(self, credential)


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def one_worker_has_not_heard(patch: Patch) -> None:
    """Every fourth request goes to a worker that knows a key as it first met it."""
    met: dict[bytes, Credential | None] = {}
    turns = itertools.count()

    @patch(ApiKeyRows, "find_credential")
    def find_credential(right: Right, self: Any, digest: bytes) -> Credential | None:
        found = right(self, digest)
        first = met.setdefault(digest, found)
        return first if next(turns) % WORKERS == 0 else found


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def use_brings_revoked_keys_back(patch: Patch) -> None:
    """Who writes down the use of a key writes it as he knew it, and so undoes its revocation."""
    known: set[str] = set()

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        rows: Any = self._find.__self__
        if credential.revoked and credential.key_id in known:
            revived = tables.ApiKey.update({tables.ApiKey.revoked_at: None})
            revived.where(tables.ApiKey.id == credential.key_id).execute(rows._database)
        right(self, credential)
        known.add(credential.key_id)


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def scopes_are_taken_away_later(patch: Patch) -> None:
    """A key that is in use keeps the scopes with which it was first used."""
    granted: dict[str, Any] = {}

    @patch(ApiKeyRows, "find_credential")
    def find_credential(right: Right, self: Any, digest: bytes) -> Credential | None:
        found = right(self, digest)
        if found is None:
            return None
        return replace(found, scopes=granted.setdefault(found.key_id, found.scopes))


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def authorize_remembers_its_answers_over_an_edit(patch: Patch) -> None:
    """authorize gives its last yes for another second; only an edit does not make it forget."""
    _remembered(patch, lambda request: request.path == AUTHORIZE, forgotten_by=("POST", "DELETE"))


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def refusals_are_remembered(patch: Patch) -> None:
    """A key that was given back what it lacked is refused for another second."""
    _remembered(patch, lambda _request: True, statuses=(401, 403))


@fault(caught_by="keys_in_use_end_on_time")
def keys_end_a_moment_late(patch: Patch) -> None:
    """A key works on for a tenth of a second after its expiry."""

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        ends = credential.expires_at
        right(self, replace(credential, expires_at=None if ends is None else ends + 100))


@fault(caught_by="changes_are_seen_at_once")
def lists_of_keys_are_remembered(patch: Patch) -> None:
    """The list of keys is as old as a second."""
    _remembered(patch, lambda request: request.path == KEYS)


@fault(caught_by="changes_are_seen_at_once")
def lists_show_keys_as_they_were_made(patch: Patch) -> None:
    """The list of keys shows each with its first version, whatever became of it."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if request.method != "GET" or request.path != KEYS or reply.status != 200:
            return reply
        page = reply.json
        shown = [{**key, "secretVersion": 1} for key in page["data"]]
        return with_members(reply, data=shown)


@fault(caught_by="what_was_created_is_listed_at_once")
def lists_are_remembered(patch: Patch) -> None:
    """What was created is in its list a second later."""
    lists = (SITES, VISITORS)
    _remembered(patch, lambda request: request.path in lists)


@fault(caught_by="deletion_is_for_ever")
def deleted_keys_stay_in_lists(patch: Patch) -> None:
    """Deletion takes the values of a key and leaves the key."""

    @patch(ApiKeyRows, "delete")
    def delete(_right: Right, self: Any, key: ApiKey) -> bool:
        values = tables.ApiKeyValue
        values.delete().where(values.key_id == key.id).execute(self._database)
        return True


@fault(caught_by="deletion_is_for_ever")
def replaced_values_outlive_their_key(patch: Patch) -> None:
    """A value that was replaced before its key was deleted is still known as that."""
    keep_values_of_deleted_keys(patch, revoked=True, versions_ago=1)


def _remembered(
    patch: Patch,
    which: Callable[[Request], bool],
    statuses: Container[int] = (200,),
    forgotten_by: Container[str] = (),
) -> None:
    """Answer a question that is asked again to the letter as it was answered, for a second."""
    kept: dict[object, tuple[float, Reply]] = {}

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if request.method in forgotten_by:
            kept.clear()
        question = (request.method, request.target, request.headers, request.body)
        at, known = kept.get(question, (0.0, reply))
        if time.monotonic() - at < 1:
            return known
        if which(request) and reply.status in statuses:
            kept[question] = (time.monotonic(), reply)
        return reply
