"""From a value to what it stands for, and to the actor behind it, or to the reason why not."""

from keyfob.domain.secret_value import digest, is_published, is_well_formed
from keyfob.errors import ApiKeyExpired, ApiKeyInvalid, ApiKeyRevoked, ApiKeyRotated
from keyfob.model import Actor, ActorRef, ActorType, Clock
from keyfob.store.api_keys import Credential
from keyfob.store.store import Store


class Authentication:
    """Judges values against the store, afresh for every request: no cache can outlive a key.

    A published value (one of the mock's) is malformed to it, whatever the store holds, unless it is
    the mock that asks.
    """

    def __init__(
        self, store: Store, pepper: bytes, clock: Clock, *, takes_published_values: bool = False
    ) -> None:
        self._find = store.api_keys.find_credential
        self._pepper = pepper
        self._clock = clock
        self._takes_published_values = takes_published_values

    def identify(self, value: str) -> Credential | None:
        """Answer what the store knows of a value, alive or dead; None if it knows nothing: a guess.

        A value that fails its checksum costs no look-up. One that passes costs the same digest and
        the same look-up whether it is known or not, and nothing is told of a key before its value
        is proven.

        Raises:
            ApiKeyInvalid: the value is malformed, or published.
        """
        if not is_well_formed(value):
            raise ApiKeyInvalid
        if is_published(value) and not self._takes_published_values:
            raise ApiKeyInvalid
        return self._find(digest(value, self._pepper))

    def demand_alive(self, credential: Credential) -> None:
        """Refuse a value that does not work any more, or a key that does not.

        Raises:
            ApiKeyRotated: replaced by a rotation (whatever became of the key since).
            ApiKeyRevoked: the current value of a revoked key.
            ApiKeyExpired: the current value of a key past its expiry.
        """
        if credential.secret_version != credential.current_secret_version:
            raise ApiKeyRotated
        if credential.revoked:
            raise ApiKeyRevoked
        if credential.expires_at is not None and credential.expires_at <= self._clock():
            raise ApiKeyExpired


def actor_of(credential: Credential, request_id: str) -> Actor:
    """Answer the key behind a credential as the one who acts in a request."""
    return Actor(
        ref=ActorRef(ActorType.API_KEY, credential.key_id),
        organization_id=credential.organization_id,
        scopes=credential.scopes,
        sites=credential.sites,
        expires_at=credential.expires_at,
        request_id=request_id,
    )
