"""What other systems ask: may this key do that, there?"""

from dataclasses import dataclass

from keyfob.domain.authentication import Authentication
from keyfob.domain.authority import demand_named_site
from keyfob.errors import (
    ApiKeyInvalid,
    CredentialError,
    KeyfobError,
    RateLimited,
    ScopeInsufficient,
    SiteForbidden,
)
from keyfob.limits import Limiter, key_name
from keyfob.model import Actor, Scope, Sites
from keyfob.store.api_keys import Credential
from keyfob.store.store import Store


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a value that somebody else received is worth.

    Attributes:
        credential: what it stands for; None if that is not the asker's to know.
        refusal: why it does not do; None if it does.
    """

    credential: Credential | None
    refusal: KeyfobError | None


class Gatekeeper:
    """Judges keys on behalf of gateways and sibling services."""

    def __init__(self, store: Store, authentication: Authentication, limiter: Limiter) -> None:
        self._store = store
        self._authentication = authentication
        self._limiter = limiter

    def authorize(self, actor: Actor, scope: Scope | None, site_id: str | None) -> None:
        """Refuse unless the actor holds the scope and covers the site.

        Raises:
            ScopeInsufficient, SiteForbidden.
        """
        if scope is not None and scope not in actor.scopes:
            raise ScopeInsufficient(required=scope.word)
        if site_id is not None:
            demand_named_site(self._store.sites, actor, site_id, "/query/siteId")

    def verify(self, asker: Actor, value: str, scope: Scope | None, site_id: str | None) -> Verdict:
        """Judge a value. One of another organisation, or beyond the asker's sites, is unknown.

        A key that works is charged, unless it asks about itself: it has been charged for asking.

        Raises:
            SiteForbidden: the asker itself does not cover the site.
        """
        if site_id is not None:
            demand_named_site(self._store.sites, asker, site_id, "/siteId")
        credential = self._known_to(asker, value)
        if credential is None:
            return Verdict(None, ApiKeyInvalid())
        try:
            self._authentication.demand_alive(credential)
            if credential.key_id != asker.ref.id:
                self._charge(credential)
        except (CredentialError, RateLimited) as refusal:
            return Verdict(credential, refusal)
        if scope is not None and scope not in credential.scopes:
            return Verdict(credential, ScopeInsufficient())
        if site_id is not None and not credential.sites.cover(Sites(ids=frozenset((site_id,)))):
            return Verdict(credential, SiteForbidden())
        return Verdict(credential, None)

    def _known_to(self, asker: Actor, value: str) -> Credential | None:
        try:
            credential = self._authentication.identify(value)
        except ApiKeyInvalid:
            return None
        if credential is None or credential.organization_id != asker.organization_id:
            return None
        return credential if asker.sites.cover(credential.sites) else None

    def _charge(self, credential: Credential) -> None:
        charge = self._limiter.charge(key_name(credential.key_id), credential.rate_limit)
        if not charge.allowed:
            raise RateLimited(charge.retry_after_seconds)
