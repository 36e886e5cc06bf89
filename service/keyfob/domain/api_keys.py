"""What can be done with API keys, each as one judgement and one conditional write."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from keyfob.domain import lifecycle
from keyfob.domain.advice import Advisory, advisories_of
from keyfob.domain.audit import AuditTrail
from keyfob.domain.audit_changes import AuditAction, key_changed, key_created, key_deleted
from keyfob.domain.authority import (
    demand_grant_within,
    demand_key_within,
    demand_named_site,
    demand_named_sites,
)
from keyfob.domain.commands import KeyDraft, KeyEdit
from keyfob.domain.identifiers import new_id
from keyfob.domain.pagination import Cursors, Page
from keyfob.domain.secret_value import digest, hint, new_value
from keyfob.errors import KeyQuotaReached, NotFound, PreconditionFailed
from keyfob.model import (
    EVERY_SITE_IDS,
    Actor,
    ApiKey,
    Clock,
    KeyStatus,
    RevokedReason,
    Scope,
    scope_words,
)
from keyfob.store.api_keys import KeyCounts
from keyfob.store.key_filters import KeyFilter
from keyfob.store.sightings import Sighting, SightingKind
from keyfob.store.store import Store
from keyfob.usage import Recorder


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """What the operator decides about keys.

    Attributes:
        prefix: of new values.
        rotation_period_ms: how long a value may live before its rotation is due.
        max_keys: in one organisation.
    """

    prefix: str
    rotation_period_ms: int
    max_keys: int


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key together with what follows from it now."""

    key: ApiKey
    status: KeyStatus
    rotation_due_at: int
    advisories: Sequence[Advisory]


class ApiKeys:
    """The API keys of all organisations; every method is confined to what its actor may meet."""

    def __init__(  # noqa: PLR0913  one for each thing that it works with
        self,
        store: Store,
        *,
        pepper: bytes,
        clock: Clock,
        rng: random.Random,
        policy: KeyPolicy,
        cursors: Cursors,
        audit: AuditTrail,
        usage: Recorder,
    ) -> None:
        self._store = store
        self._usage = usage
        self._audit = audit
        self._pepper = pepper
        self._clock = clock
        self._rng = rng
        self._cursors = cursors
        self._policy = policy

    def get(self, actor: Actor, key_id: str) -> ApiKey:
        """Answer a key in any state. Raises NotFound."""
        key = self._store.api_keys.find(actor.organization_id, actor.sites, key_id)
        if key is None:
            raise NotFound
        return key

    def view(self, key: ApiKey) -> KeyView:
        """Answer what is to be shown of a key now."""
        (view,) = self.views([key])
        return view

    def views(self, keys: Sequence[ApiKey]) -> Sequence[KeyView]:
        """Answer what is to be shown of each of these keys now; one question to the store."""
        now = self._clock()
        sightings = self._store.sightings.of_keys([key.id for key in keys])
        return [self._view(key, sightings[key.id], now) for key in keys]

    def list(
        self,
        actor: Actor,
        *,
        status: KeyStatus | None,
        site_id: str | None,
        name_contains: str | None,
        limit: int,
        cursor: str | None,
    ) -> tuple[Page[ApiKey], KeyCounts]:
        """Answer one page, newest first, and how many keys of each status the other filters leave.

        Raises:
            ValidationFailed: the cursor is not one of this list.
            SiteForbidden: the site is absent, foreign or not the actor's.
        """
        question = (actor.organization_id, status, site_id, name_contains)
        start = self._cursors.read(cursor, *question)
        if site_id is not None:
            demand_named_site(self._store.sites, actor, site_id, "/query/siteId")
        asked = KeyFilter(actor.organization_id, actor.sites, site_id, name_contains)
        now = self._clock()
        items = self._store.api_keys.page(asked, status, now, start, limit + 1)
        counts = self._store.api_keys.count(asked, now)
        return self._cursors.page(items, limit, *question), counts

    def demand_may_create(self, actor: Actor, draft: KeyDraft) -> None:
        """Refuse a draft that reaches beyond its actor; an escalation is audited.

        Raises:
            SiteForbidden, ScopeEscalation.
        """
        with self._audit.refused_escalation(actor, "createApiKey"):
            self._demand_named_sites(actor, draft.site_ids)
            demand_grant_within(actor, draft.scopes, draft.sites, draft.expires_at)

    def create(self, actor: Actor, draft: KeyDraft) -> tuple[ApiKey, str]:
        """Make a key; the second part of the answer is its value, which is kept nowhere.

        Raises:
            SiteForbidden, ScopeEscalation, KeyQuotaReached.
        """
        value = new_value(self._policy.prefix, self._rng)
        with self._store.transaction():
            self.demand_may_create(actor, draft)
            if not self._store.organizations.take_key_place(
                actor.organization_id, self._policy.max_keys
            ):
                raise KeyQuotaReached
            now = self._clock()
            key = ApiKey(
                id=new_id("key", self._rng),
                organization_id=actor.organization_id,
                name=draft.name,
                description=draft.description,
                scopes=draft.scopes,
                sites=draft.sites,
                rate_limit=draft.rate_limit,
                hint=hint(value),
                secret_version=1,
                version=1,
                created_at=now,
                created_by=actor.ref,
                updated_at=now,
                expires_at=draft.expires_at,
            )
            self._store.api_keys.insert(key, digest(value, self._pepper))
            self._audit.append(actor, key_created(key))
        return key, value

    def edit(
        self,
        actor: Actor,
        key_id: str,
        edit: KeyEdit,
        if_version: frozenset[int] | None = None,
    ) -> ApiKey:
        """Change what the edit names; before and after, the key must lie within the actor's own.

        Args:
            actor: who edits.
            key_id: what.
            edit: the members to change.
            if_version: refuse unless the key is at one of these versions; None accepts any.

        Raises:
            NotFound, SiteForbidden, ScopeEscalation, KeyIsRevoked, PreconditionFailed.
        """

        def judge(key: ApiKey, now: int) -> ApiKey:
            self._demand_named_sites(actor, edit.get("site_ids", ()))
            demand_key_within(actor, key)
            after = lifecycle.merged(key, edit)
            demand_key_within(actor, after)
            changed = lifecycle.edited(key, after, now)
            _demand_version(key, if_version)
            return changed

        with self._audit.refused_escalation(actor, "updateApiKey", key_id):
            return self._change(actor, key_id, judge, AuditAction.API_KEY_UPDATED)

    def rotate(
        self, actor: Actor, key_id: str, if_version: frozenset[int] | None = None
    ) -> tuple[ApiKey, str]:
        """Replace the value; the old one is dead once this returns. The new one is the second part.

        Args:
            if_version: as for ``edit``.

        Raises:
            NotFound, ScopeEscalation, KeyIsExpired, KeyIsRevoked, PreconditionFailed.
        """
        value = new_value(self._policy.prefix, self._rng)

        def judge(key: ApiKey, now: int) -> ApiKey:
            demand_key_within(actor, key)
            changed = lifecycle.rotated(key, hint(value), now)
            _demand_version(key, if_version)
            return changed

        new_digest = digest(value, self._pepper)
        with self._audit.refused_escalation(actor, "rotateApiKey", key_id):
            key = self._change(actor, key_id, judge, AuditAction.API_KEY_ROTATED, new_digest)
        return key, value

    def revoke(self, actor: Actor, key_id: str, reason: RevokedReason) -> ApiKey:
        """Stop a key from working. Raises NotFound."""

        def judge(key: ApiKey, now: int) -> ApiKey:
            return lifecycle.revoked(key, reason, now)

        return self._change(actor, key_id, judge, AuditAction.API_KEY_REVOKED)

    def reactivate(self, actor: Actor, key_id: str) -> ApiKey:
        """Let a revoked key work again.

        Raises:
            NotFound, ScopeEscalation, KeyIsActive, KeyIsExpired, KeyIsCompromised.
        """

        def judge(key: ApiKey, now: int) -> ApiKey:
            demand_key_within(actor, key)
            return lifecycle.reactivated(key, now)

        with self._audit.refused_escalation(actor, "reactivateApiKey", key_id):
            return self._change(actor, key_id, judge, AuditAction.API_KEY_REACTIVATED)

    def delete(self, actor: Actor, key_id: str) -> None:
        """Forget a revoked key and all its values. Raises NotFound, KeyIsActive, KeyNotRevoked."""
        # The total is taken of what is written down. Not within the transaction: the recorder's
        # thread may be at work, and waits for it.
        self._usage.flush()
        with self._store.transaction():
            # Held before it is looked at: what other workers count of it is counted before or lost.
            self._store.api_keys.hold(actor.organization_id, key_id)
            key = self.get(actor, key_id)
            now = self._clock()
            lifecycle.demand_deletable(key, now)
            requests = self._store.usage.total(key.id)
            if not self._store.api_keys.delete(key):
                raise RuntimeError("a key changed while it was held")
            self._store.requests.forget_successes(key_id)
            self._store.organizations.free_key_place(actor.organization_id)
            self._store.deleted_keys.insert(key)
            self._audit.append(actor, key_deleted(key, requests, now))

    def _change(
        self,
        actor: Actor,
        key_id: str,
        judge: Callable[[ApiKey, int], ApiKey],
        action: AuditAction,
        new_digest: bytes | None = None,
    ) -> ApiKey:
        # The write names the version that was judged. If somebody else's came between (which needs
        # a store with concurrent writers), nothing is written, and the key is judged anew.
        while True:
            with self._store.transaction():
                before = self.get(actor, key_id)
                after = judge(before, self._clock())
                if after is before:
                    return after
                if self._store.api_keys.replace(before, after, new_digest):
                    self._audit.append(actor, key_changed(action, before, after))
                    self._note_granted(after, after.scopes & ~before.scopes)
                    return after

    def _view(self, key: ApiKey, sightings: Sequence[Sighting], now: int) -> KeyView:
        value_since = key.created_at if key.rotated_at is None else key.rotated_at
        due_at = value_since + self._policy.rotation_period_ms
        return KeyView(
            key=key,
            status=key.status(now),
            rotation_due_at=due_at,
            advisories=advisories_of(key, rotation_due_at=due_at, sightings=sightings, now=now),
        )

    def _note_granted(self, key: ApiKey, scopes: Scope) -> None:
        for word in scope_words(scopes):
            self._store.sightings.see(key.id, SightingKind.SCOPE_GRANTED, word, key.updated_at)

    def _demand_named_sites(self, actor: Actor, site_ids: tuple[str, ...]) -> None:
        if site_ids and site_ids != EVERY_SITE_IDS:
            existing = self._store.sites.existing(actor.organization_id, site_ids)
            demand_named_sites(actor, site_ids, existing, "/siteIds")


def _demand_version(key: ApiKey, wanted: frozenset[int] | None) -> None:
    if wanted is not None and key.version not in wanted:
        raise PreconditionFailed
