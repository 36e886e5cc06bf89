"""Who acts in the tests of the domain."""

from dataclasses import replace

import pytest
from world import Organization

from keyfob.domain.commands import KeyDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.model import EVERY_SITE, EVERY_SITE_IDS, Actor, ActorRef, ActorType, Scope


@pytest.fixture
def operator(keyfob: Keyfob, acme: Organization) -> Actor:
    return replace(keyfob.organizations.operator_in(acme.id), request_id="req_1")


@pytest.fixture
def writer(keyfob: Keyfob, operator: Actor) -> Actor:
    """A key that may write keys, and holds little else."""
    scopes = Scope.KEYS_WRITE | Scope.VISITORS_READ
    key, _ = keyfob.api_keys.create(operator, KeyDraft("writer", scopes, EVERY_SITE_IDS))
    ref = ActorRef(ActorType.API_KEY, key.id)
    return Actor(ref, operator.organization_id, scopes, EVERY_SITE, request_id="req_2")
