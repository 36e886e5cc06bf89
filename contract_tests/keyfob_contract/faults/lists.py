"""Faults in lists."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from keyfob.domain import pagination
from keyfob.domain.api_keys import ApiKeys
from keyfob.domain.pagination import Cursors, Page
from keyfob.errors import ValidationFailed
from keyfob.model import EVERY_SITE, Actor, KeyStatus, Position
from keyfob.store import api_keys as key_rows
from keyfob.store import folding, key_filters, key_mapping, tables
from keyfob.store.api_keys import ApiKeyRows
from keyfob.store.audit import AuditRows
from keyfob.store.sites import SiteRows
from keyfob_contract.faults.fault import Patch, Right, fault

MANY = 10_000

_KEY = tables.ApiKey


@fault(caught_by="pages_lose_and_repeat_nothing")
def cursors_skip_an_item(patch: Patch) -> None:
    """A page begins one item too late, so that a walk loses one at each edge."""

    @patch(Cursors, "page")
    def page(right: Right, self: Any, items: Any, limit: int, *question: Any) -> Page[Any]:
        found = right(self, items, limit, *question)
        if found.next_cursor is None:
            return found
        return replace(found, next_cursor=_end(right, self, items[limit], question))


@fault(caught_by="pages_lose_and_repeat_nothing")
def cursors_repeat_an_item(patch: Patch) -> None:
    """A page begins with the last item of the page before."""

    @patch(Cursors, "page")
    def page(right: Right, self: Any, items: Any, limit: int, *question: Any) -> Page[Any]:
        found = right(self, items, limit, *question)
        if found.next_cursor is None or limit == 1:
            return found
        return replace(found, next_cursor=_end(right, self, items[limit - 2], question))


@fault(caught_by="pages_lose_and_repeat_nothing")
def cursors_count_items(patch: Patch) -> None:
    """A cursor is a number of items to skip, so that a walk repeats what others push on."""
    offsets: dict[Position, int] = {}

    @patch(ApiKeyRows, "page")
    def page(right: Right, self: Any, asked: Any, *how: Any) -> Any:
        status, now, after, limit = how
        start = offsets.get(after, 0)
        items = right(self, asked, status, now, None, MANY)[start : start + limit]
        offsets.update({key.position: start + n for n, key in enumerate(items, 1)})
        return items


@fault(caught_by="pages_lose_and_repeat_nothing")
def one_moment_fits_on_one_page(patch: Patch) -> None:
    """Of the keys that were made in the same millisecond a walk loses those beyond the page."""

    @patch(ApiKeyRows, "page")
    def page(right: Right, self: Any, asked: Any, *how: Any) -> Any:
        status, now, after, limit = how
        earlier = None if after is None else Position(after.created_at, "")
        return right(self, asked, status, now, earlier, limit)


@fault(caught_by="pages_lose_and_repeat_nothing")
def one_moment_of_events_fits_on_one_page(patch: Patch) -> None:
    """Of the events of one millisecond a walk loses those beyond the page."""

    @patch(AuditRows, "page")
    def page(right: Right, self: Any, asked: Any, after: Position | None, limit: int) -> Any:
        earlier = None if after is None else Position(after.created_at, 0)
        return right(self, asked, earlier, limit)


@fault(caught_by="pages_lose_and_repeat_nothing")
def lists_end_with_the_first_page(patch: Patch) -> None:
    """No page has a nextCursor, so that nobody sees what does not fit on the first."""

    @patch(Cursors, "page")
    def page(right: Right, self: Any, *cut: Any) -> Page[Any]:
        return replace(right(self, *cut), next_cursor=None)


@fault(caught_by="pages_lose_and_repeat_nothing")
def pages_have_no_end(patch: Patch) -> None:
    """The nextCursor of the last page is that of the page itself, so that a walk never ends."""

    @patch(ApiKeys, "list")
    def list_(right: Right, self: Any, actor: Actor, **how: Any) -> Any:
        page, counts = right(self, actor, **how)
        return replace(page, next_cursor=page.next_cursor or how["cursor"]), counts


@fault(caught_by="pages_lose_and_repeat_nothing")
def limit_is_not_looked_at(patch: Patch) -> None:
    """A page has fifty items, whatever limit says."""

    @patch(ApiKeys, "list")
    def list_(right: Right, self: Any, actor: Actor, **how: Any) -> Any:
        return right(self, actor, **{**how, "limit": 50})


@fault(caught_by="lists_are_newest_first")
def sites_are_listed_oldest_first(patch: Patch) -> None:
    """listSites begins with the oldest site."""

    @patch(SiteRows, "page")
    def page(
        right: Right, self: Any, organization: str, within: Any, after: Any, limit: int
    ) -> Any:
        sites = right(self, organization, within, None, MANY)[::-1]
        start = next((n for n, site in enumerate(sites, 1) if site.position == after), 0)
        return sites[start : start + limit]


@fault(caught_by="filters_agree_with_the_walk")
def filters_come_after_the_pages(patch: Patch) -> None:
    """The filter by status is applied to a page that is cut already, so that pages come short."""

    @patch(ApiKeyRows, "page")
    def page(right: Right, self: Any, asked: Any, *how: Any) -> Any:
        status, now, after, limit = how
        keys = right(self, asked, None, now, after, limit)
        return [key for key in keys if status is None or key.status(now) is status]


@fault(caught_by="filters_agree_with_the_walk")
def the_status_is_not_looked_at(patch: Patch) -> None:
    """The filter by status leaves everything as it is."""

    @patch(ApiKeyRows, "page")
    def page(right: Right, self: Any, asked: Any, *how: Any) -> Any:
        _status, *others = how
        return right(self, asked, None, *others)


@fault(caught_by="filters_agree_with_the_walk")
def keys_for_every_site_cover_none(patch: Patch) -> None:
    """The filter by site leaves out the keys for every site."""

    @patch(key_rows, "conditions")
    def conditions(right: Right, asked: Any) -> Iterable[Any]:
        yield from right(asked)
        if asked.site_id is not None:
            yield ~_KEY.all_sites


@fault(caught_by="filters_agree_with_the_walk")
def expired_keys_are_found_among_the_active(patch: Patch) -> None:
    """The filter for active keys leaves the expired ones."""

    @patch(key_rows, "has_status")
    def has_status(right: Right, status: KeyStatus, now: int) -> Any:
        if status is not KeyStatus.ACTIVE:
            return right(status, now)
        return _KEY.revoked_at.is_null()


@fault(caught_by="counts_agree_with_the_walk")
def counts_obey_the_status(patch: Patch) -> None:
    """The counts of the states that were not asked for are 0."""

    @patch(ApiKeys, "list")
    def list_(right: Right, self: Any, actor: Actor, **how: Any) -> Any:
        page, counts = right(self, actor, **how)
        others = {"active", "expired", "revoked"} - {how["status"]} if how["status"] else ()
        return page, replace(counts, **dict.fromkeys(others, 0))


@fault(caught_by="counts_agree_with_the_walk")
def counts_know_no_search(patch: Patch) -> None:
    """The counts are those of all keys, whatever was searched for."""

    @patch(ApiKeyRows, "count")
    def count(right: Right, self: Any, asked: Any, now: int) -> Any:
        return right(self, replace(asked, name_contains=None), now)


@fault(caught_by="search_is_literal")
def percent_signs_stand_for_anything(patch: Patch) -> None:
    """A percent sign or an underscore in a search stands for anything."""

    @patch(key_rows, "conditions")
    def conditions(right: Right, asked: Any) -> Iterable[Any]:
        yield from right(replace(asked, name_contains=None))
        if asked.name_contains is not None:
            yield _KEY.name_folded ** f"%{folding.folded(asked.name_contains)}%"


@fault(caught_by="search_is_literal")
def searches_look_into_descriptions(patch: Patch) -> None:
    """A search for a name finds keys in whose description it is."""

    @patch(key_rows, "conditions")
    def conditions(right: Right, asked: Any) -> Iterable[Any]:
        yield from right(replace(asked, name_contains=None))
        if asked.name_contains is not None:
            named = _KEY.name_folded.contains(folding.folded(asked.name_contains))
            yield named | _KEY.description.contains(asked.name_contains)


@fault(caught_by="search_is_literal")
def capitals_are_known_in_english_only(patch: Patch) -> None:
    """A search tells capitals from small letters beyond ASCII."""

    def folded(_right: Right, text: str) -> str:
        return "".join(c.lower() if c.isascii() else c for c in text)

    patch(key_mapping, "folded")(folded)
    patch(key_filters, "folded")(folded)


@fault(caught_by="cursors_belong_to_their_list")
def cursors_fit_every_filter(patch: Patch) -> None:
    """A cursor is accepted with other filters than its own."""
    patch.put(pagination, "_fingerprint", lambda _question: "")


@fault(caught_by="cursors_belong_to_their_list")
def cursors_of_visitors_fit_every_filter(patch: Patch) -> None:
    """A cursor of the list of visitors is accepted with other filters than its own."""
    _fitting(patch, "vis")


@fault(caught_by="cursors_belong_to_their_list")
def cursors_of_events_fit_every_filter(patch: Patch) -> None:
    """A cursor of the audit trail is accepted with other filters than its own."""
    _fitting(patch, "auditEvents")


@fault(caught_by="cursors_belong_to_their_list")
def altered_cursors_begin_again(patch: Patch) -> None:
    """A cursor that was altered answers the first page."""

    @patch(Cursors, "read")
    def read(right: Right, self: Any, *asked: Any) -> Position | None:
        try:
            return right(self, *asked)
        except ValidationFailed:
            return None


@fault(caught_by="cursors_belong_to_their_list")
def altered_cursors_of_visitors_begin_again(patch: Patch) -> None:
    """A cursor of the list of visitors that was altered answers the first page."""

    @patch(Cursors, "read")
    def read(right: Right, self: Any, cursor: Any, *question: Any) -> Position | None:
        try:
            return right(self, cursor, *question)
        except ValidationFailed:
            if question[0] != "vis":
                raise
            return None


@fault(caught_by="cursors_belong_to_their_list")
def cursors_fit_every_list(patch: Patch) -> None:
    """A cursor of one list is accepted by another."""

    @patch(pagination, "_fingerprint")
    def fingerprint(right: Right, question: tuple[str | None, ...]) -> str:
        return right(tuple(sorted(filter(None, question[1:]))))


@fault(caught_by="cursors_open_nothing")
def cursors_lead_beyond_the_sites_of_a_key(patch: Patch) -> None:
    """Only the first page of sites is confined to those of the caller's key."""

    @patch(SiteRows, "page")
    def page(
        right: Right, self: Any, organization: str, within: Any, after: Any, limit: int
    ) -> Any:
        return right(self, organization, within if after is None else EVERY_SITE, after, limit)


def _fitting(patch: Patch, kind: str) -> None:
    @patch(pagination, "_fingerprint")
    def fingerprint(right: Right, question: tuple[str | None, ...]) -> str:
        return right(question[:2] if question[0] == kind else question)


def _end(page: Right, cursors: Any, item: Any, question: Any) -> str:
    """Answer the cursor of a page that ends with an item."""
    return page(cursors, [item, item], 1, *question).next_cursor


@fault(caught_by="filters_agree_with_the_walk")
def revoked_keys_past_their_end_are_called_expired(patch: Patch) -> None:
    """The filter for expired keys finds revoked ones, too, whose time has passed."""

    @patch(key_rows, "has_status")
    def has_status(right: Right, status: KeyStatus, now: int) -> Any:
        if status is not KeyStatus.EXPIRED:
            return right(status, now)
        return _KEY.expires_at.is_null(is_null=False) & (_KEY.expires_at <= now)
