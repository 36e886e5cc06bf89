"""What tests of the audit trail share: reading it as the operator does."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from keyfob.domain.audit import AuditQuestion
from keyfob.domain.commands import KeyDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import KeyfobError
from keyfob.model import EVERY_SITE, EVERY_SITE_IDS, Actor, Scope
from keyfob.store.audit import AuditEvent


def draft(**members: Any) -> KeyDraft:
    """Answer a key to make, which may do nothing much."""
    return replace(KeyDraft("k", Scope.VISITORS_READ, EVERY_SITE_IDS), **members)


def events(keyfob: Keyfob, actor: Actor) -> list[AuditEvent]:
    """Answer all events of an organisation, newest first."""
    everywhere = replace(actor, sites=EVERY_SITE)
    return keyfob.audit.list(everywhere, AuditQuestion(), limit=10_000, cursor=None).items


def new_events(keyfob: Keyfob, actor: Actor, act: Callable[[], object]) -> list[AuditEvent]:
    """Answer what doing something, refused or not, added to the trail."""
    before = len(events(keyfob, actor))
    with suppress(KeyfobError):
        act()
    after = events(keyfob, actor)
    return after[: len(after) - before]


def facts(event: AuditEvent) -> tuple[Any, Any]:
    """Answer what was before and after."""
    before, after = event.before, event.after
    return (before and json.loads(before), after and json.loads(after))
