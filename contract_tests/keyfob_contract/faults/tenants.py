"""Faults in what keeps organisations apart."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from keyfob import handlers
from keyfob.domain import api_keys as domain
from keyfob.domain.api_keys import ApiKeys
from keyfob.domain.gatekeeper import Gatekeeper
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import ApiKeyInvalid, NotFound, ScopeInsufficient
from keyfob.model import Actor, ApiKey, Sites
from keyfob.store import api_keys as key_rows
from keyfob.store import audit as audit_rows
from keyfob.store import tables
from keyfob.store.api_keys import ApiKeyRows, KeyCounts
from keyfob.store.requests import RequestRows
from keyfob.store.sites import SiteRows
from keyfob_contract.faults.bending import is_error, with_error
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request

KEY_PATH = "/v1/api-keys/"


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_keys_can_be_read(patch: Patch) -> None:
    """getApiKey answers another organisation's keys."""
    _across_organizations(patch, "get_api_key")


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_keys_can_be_edited(patch: Patch) -> None:
    """updateApiKey edits another organisation's keys."""
    _across_organizations(patch, "update_api_key")


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_keys_can_be_rotated(patch: Patch) -> None:
    """rotateApiKey hands out values of another organisation's keys."""
    _across_organizations(patch, "rotate_api_key")


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_keys_can_be_revoked(patch: Patch) -> None:
    """revokeApiKey stops another organisation's keys."""
    _across_organizations(patch, "revoke_api_key")


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_keys_can_be_deleted(patch: Patch) -> None:
    """deleteApiKey deletes another organisation's keys."""
    _across_organizations(patch, "delete_api_key")


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_usage_can_be_read(patch: Patch) -> None:
    """getApiKeyUsage tells how another organisation's keys are used."""
    _across_organizations(patch, "get_api_key_usage")


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_keys_are_revoked_behind_a_404(patch: Patch) -> None:
    """revokeApiKey answers 404 for another organisation's key, having stopped it."""

    @patch(handlers, "revoke_api_key")
    def revoke_api_key(right: Right, **wanted: Any) -> Any:
        owner = _owner(**wanted)
        reply = right(**{**wanted, "actor": owner})
        if owner != wanted["actor"]:
            raise NotFound
        return reply


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_keys_are_forbidden(patch: Patch) -> None:
    """Another organisation's key is 403, which tells that it exists."""

    @patch(ApiKeys, "get")
    def get(right: Right, self: Any, actor: Actor, key_id: str) -> ApiKey:
        try:
            return right(self, actor, key_id)
        except NotFound:
            if _organization_of(self._store, key_id) is None:
                raise
            raise ScopeInsufficient(required="keys:read") from None


@fault(caught_by="foreign_things_answer_as_absent_ones")
def errors_repeat_the_id(patch: Patch) -> None:
    """A 404 repeats the id that was asked for, so that replies can be told apart."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if not request.path.startswith(KEY_PATH) or not is_error(reply, 404):
            return reply
        return with_error(reply, message=f"There is no {request.path.split('/')[3][:64]}.")


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_sites_can_be_read(patch: Patch) -> None:
    """getSite answers another organisation's sites."""

    @patch(handlers, "get_site")
    def get_site(right: Right, keyfob: Keyfob, actor: Actor, site_id: str) -> Any:
        query = tables.Site.select(tables.Site.organization_id).where(tables.Site.id == site_id)
        owner = query.scalar(keyfob.store.database) or actor.organization_id
        return right(keyfob, replace(actor, organization_id=owner), site_id)


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_requests_can_be_traced(patch: Patch) -> None:
    """getRequest tells of requests with another organisation's keys."""

    @patch(RequestRows, "find_within")
    def find_within(_right: Right, self: Any, _organization: str, _sites: Sites, one: str) -> Any:
        return next(iter(self.find(one)), None)


@fault(caught_by="foreign_things_are_in_no_list")
def foreign_keys_are_listed(patch: Patch) -> None:
    """listApiKeys shows the keys of all organisations."""

    @patch(key_rows, "conditions")
    def conditions(right: Right, asked: Any) -> Iterable[Any]:
        _organization, *others = right(asked)
        return [*others, tables.ApiKey.version > 0]


@fault(caught_by="foreign_things_are_in_no_list")
def foreign_sites_are_listed(patch: Patch) -> None:
    """listSites shows the sites of all organisations."""

    @patch(SiteRows, "page")
    def page(right: Right, self: Any, _one: str, within: Sites, after: Any, limit: int) -> Any:
        query = tables.Organization.select(tables.Organization.id).tuples()
        each = [right(self, one, within, after, limit) for (one,) in query.execute(self._database)]
        sites = [site for found in each for site in found]
        return sorted(sites, key=lambda site: (site.created_at, site.id), reverse=True)[:limit]


@fault(caught_by="foreign_things_are_in_no_list")
def foreign_events_are_listed(patch: Patch) -> None:
    """listAuditEvents shows what happened in all organisations."""

    @patch(audit_rows, "event_conditions")
    def event_conditions(right: Right, asked: Any) -> Iterable[Any]:
        _organization, *others = right(asked)
        return [*others, tables.AuditEvent.sequence > 0]


@fault(caught_by="counts_agree_with_the_walk")
def foreign_keys_are_counted(patch: Patch) -> None:
    """The counts of listApiKeys are those of all organisations together."""

    @patch(ApiKeyRows, "count")
    def count(right: Right, self: Any, asked: Any, now: int) -> KeyCounts:
        query = tables.Organization.select(tables.Organization.id).tuples()
        organizations = [one for (one,) in query.execute(self._database)]
        each = [right(self, replace(asked, organization_id=one), now) for one in organizations]
        return KeyCounts(
            sum(c.active for c in each), sum(c.expired for c in each), sum(c.revoked for c in each)
        )


@fault(caught_by="foreign_things_cannot_be_named")
def keys_can_be_made_for_foreign_sites(patch: Patch) -> None:
    """A key may be made for another organisation's site."""

    @patch(SiteRows, "existing")
    def existing(_right: Right, self: Any, _organization: str, site_ids: Any) -> frozenset[str]:
        query = tables.Site.select(tables.Site.id).where(tables.Site.id.in_(site_ids)).tuples()
        return frozenset(one for (one,) in query.execute(self._database))


@fault(caught_by="foreign_things_cannot_be_named")
def foreign_sites_can_be_searched_by(patch: Patch) -> None:
    """listApiKeys answers no keys for another organisation's site, and 403 for an absent one."""

    @patch(domain, "demand_named_site")
    def demand_named_site(right: Right, rows: Any, actor: Actor, one: str, pointer: str) -> None:
        query = tables.Site.select(tables.Site.id).where(tables.Site.id == one)
        if query.scalar(rows._database) is None:
            right(rows, actor, one, pointer)


@fault(caught_by="foreign_values_are_unknown")
def foreign_values_are_judged(patch: Patch) -> None:
    """verifyApiKey tells what another organisation's values are worth."""

    @patch(Gatekeeper, "_known_to")
    def known_to(right: Right, self: Any, asker: Actor, value: str) -> Any:
        found = right(self, asker, value)
        return found or self._authentication.identify(value)


def _across_organizations(patch: Patch, operation: str) -> None:
    """Have an operation on a key be done in the name of the organisation that owns it."""

    @patch(handlers, operation)
    def handler(right: Right, **wanted: Any) -> Any:
        return right(**{**wanted, "actor": _owner(**wanted)})


def _owner(keyfob: Keyfob, actor: Actor, key_id: str, **_wanted: Any) -> Actor:
    owner = _organization_of(keyfob.store, key_id)
    return actor if owner is None else replace(actor, organization_id=owner)


def _organization_of(store: Any, key_id: str) -> str | None:
    query = tables.ApiKey.select(tables.ApiKey.organization_id).where(tables.ApiKey.id == key_id)
    return query.scalar(store.database)


@fault(caught_by="foreign_things_are_in_no_list")
def actors_are_looked_for_everywhere(patch: Patch) -> None:
    """The trail of somebody else's key is shown to whoever asks for that key as the actor."""

    @patch(audit_rows, "event_conditions")
    def event_conditions(right: Right, asked: Any) -> Any:
        conditions = list(right(asked))
        return conditions[1:] if asked.actor_id is not None else conditions


@fault(caught_by="foreign_values_are_unknown")
def foreign_values_are_charged(patch: Patch) -> None:
    """Who asks about another organisation's value takes from that key's limit."""

    @patch(Gatekeeper, "_known_to")
    def known_to(right: Right, self: Any, asker: Actor, value: str) -> Any:
        found = right(self, asker, value)
        if found is None:
            with suppress(ApiKeyInvalid):
                self._charge(self._authentication.identify(value))
        return found
