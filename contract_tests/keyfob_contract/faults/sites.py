"""Faults in what keys that are limited to some sites meet."""

from dataclasses import replace
from typing import Any

from keyfob.domain import api_keys as domain
from keyfob.domain.sites import SiteDirectory
from keyfob.errors import SiteForbidden
from keyfob.model import EVERY_SITE, Actor, Sites
from keyfob.store import audit as audit_rows
from keyfob.store.api_keys import ApiKeyRows
from keyfob.store.requests import RequestRows
from keyfob.store.sites import SiteRows
from keyfob_contract.faults.fault import Patch, Right, fault


@fault(caught_by="limited_keys_meet_only_their_sites")
def limited_keys_reach_every_key(patch: Patch) -> None:
    """A key that is limited to a site reaches keys of other sites by their ids."""

    @patch(ApiKeyRows, "find")
    def find(right: Right, self: Any, organization_id: str, _within: Sites, key_id: str) -> Any:
        return right(self, organization_id, EVERY_SITE, key_id)


@fault(caught_by="limited_keys_meet_only_their_sites")
def limited_keys_are_shown_every_key(patch: Patch) -> None:
    """The list shows a key that is limited to a site the keys of all sites."""

    @patch(ApiKeyRows, "page")
    def page(right: Right, self: Any, asked: Any, *others: Any) -> Any:
        return right(self, replace(asked, within=EVERY_SITE), *others)


@fault(caught_by="limited_keys_meet_only_their_sites")
def limited_keys_count_every_key(patch: Patch) -> None:
    """The counts tell a key that is limited to a site how many keys there are at all sites."""

    @patch(ApiKeyRows, "count")
    def count(right: Right, self: Any, asked: Any, now: int) -> Any:
        return right(self, replace(asked, within=EVERY_SITE), now)


@fault(caught_by="limited_keys_meet_only_their_sites")
def limited_keys_are_shown_every_site(patch: Patch) -> None:
    """The list shows a key that is limited to a site all sites."""

    @patch(SiteRows, "page")
    def page(right: Right, self: Any, organization_id: str, _within: Sites, *others: Any) -> Any:
        return right(self, organization_id, EVERY_SITE, *others)


@fault(caught_by="limited_keys_meet_only_their_sites")
def limited_keys_trace_every_request(patch: Patch) -> None:
    """getRequest tells a key that is limited to a site of requests with keys of other sites."""

    @patch(RequestRows, "find_within")
    def find_within(right: Right, self: Any, organization_id: str, _sites: Sites, one: str) -> Any:
        return right(self, organization_id, EVERY_SITE, one)


@fault(caught_by="limited_keys_meet_only_their_sites")
def limited_keys_are_shown_every_event(patch: Patch) -> None:
    """listAuditEvents shows a key that is limited to a site what happened at all sites."""

    @patch(audit_rows, "event_conditions")
    def event_conditions(right: Right, asked: Any) -> Any:
        return right(replace(asked, within=EVERY_SITE))


@fault(caught_by="sites_are_made_by_keys_for_every_site")
def limited_keys_make_sites(patch: Patch) -> None:
    """A key that is limited to a site makes others."""

    @patch(SiteDirectory, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        return right(self, replace(actor, sites=EVERY_SITE), draft)


@fault(caught_by="unknown_sites_cannot_be_named")
def uncovered_sites_can_be_searched_by(patch: Patch) -> None:
    """listApiKeys filters by a site that the caller's key does not cover."""

    @patch(domain, "demand_named_site")
    def demand_named_site(right: Right, rows: Any, actor: Actor, *named: Any) -> None:
        right(rows, replace(actor, sites=EVERY_SITE), *named)


@fault(caught_by="unknown_sites_cannot_be_named")
def uncovered_sites_are_an_escalation(patch: Patch) -> None:
    """Absent sites and sites that the caller does not cover are refused with different codes."""

    @patch(domain, "demand_named_sites")
    def demand_named_sites(right: Right, actor: Actor, *others: Any) -> None:
        right(replace(actor, sites=EVERY_SITE), *others)


@fault(caught_by="unknown_sites_cannot_be_named")
def unknown_sites_are_not_pointed_at(patch: Patch) -> None:
    """Who names an unknown site among others is not told which it is."""

    @patch(domain, "demand_named_sites")
    def demand_named_sites(right: Right, *named: Any) -> None:
        try:
            right(*named)
        except SiteForbidden:
            raise SiteForbidden from None


@fault(caught_by="each_named_site_has_to_be_covered")
def only_the_first_site_is_looked_at(patch: Patch) -> None:
    """Of several sites that a body names only the first has to be covered."""

    @patch(domain, "demand_named_sites")
    def demand_named_sites(right: Right, actor: Any, site_ids: Any, *how: Any) -> None:
        right(actor, site_ids[:1], *how)


@fault(caught_by="limited_keys_meet_only_their_sites")
def filters_widen_what_a_limited_key_meets(patch: Patch) -> None:
    """A site-limited key that asks for the keys of its site is shown those of every site, too."""

    @patch(ApiKeyRows, "page")
    def page(right: Right, self: Any, asked: Any, *how: Any) -> Any:
        named = asked if asked.site_id is None else replace(asked, within=EVERY_SITE)
        return right(self, named, *how)


@fault(caught_by="unknown_sites_cannot_be_named")
def sites_are_pointed_at_without_their_place(patch: Patch) -> None:
    """Who names an unknown site among others is pointed at all of them."""

    @patch(domain, "demand_named_sites")
    def demand_named_sites(right: Right, *named: Any) -> None:
        try:
            right(*named)
        except SiteForbidden:
            raise SiteForbidden(pointer="/siteIds") from None


@fault(caught_by="unknown_sites_cannot_be_named")
def filters_are_pointed_at_as_members(patch: Patch) -> None:
    """Who filters by an unknown site is pointed at a member of a body that he did not send."""

    @patch(domain, "demand_named_site")
    def demand_named_site(right: Right, *named: Any) -> None:
        right(*named[:-1], "/siteId")


@fault(caught_by="sites_are_made_by_keys_for_every_site")
def refused_sites_are_made(patch: Patch) -> None:
    """A key that is limited to a site is refused another, which is made all the same."""

    @patch(SiteDirectory, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        right(self, replace(actor, sites=EVERY_SITE), draft)
        return right(self, actor, draft)
