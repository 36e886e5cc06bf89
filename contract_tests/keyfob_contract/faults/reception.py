"""Faults in the books on visitors, employees and deliveries."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keyfob import handlers
from keyfob.domain import book
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import NotFound, SiteForbidden, StateConflict
from keyfob.model import EVERY_SITE, Actor, Position, Sites
from keyfob.reception import EntryStatus
from keyfob.store import reception as rows
from keyfob.store import tables
from keyfob.store.reception import EntryRows
from keyfob.store.store import Store
from keyfob_contract.faults.bending import with_members
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.faults.races import A_SLOW_STORE_SECONDS, no_transaction
from keyfob_contract.wire.message import Reply, Request


@fault(caught_by="steps_are_taken_in_their_order")
def steps_are_taken_in_any_order(patch: Patch) -> None:
    """Who has left can check in again, and a delivery can be collected twice."""

    @patch(EntryRows, "change")
    def change(right: Right, self: Any, *where: Any) -> bool:
        *entry, _status, changes = where
        found = self.find(*entry)
        return found is not None and right(self, *entry, found.status, changes)


@fault(caught_by="steps_are_taken_in_their_order")
def collections_are_lost(patch: Patch) -> None:
    """The collection of a delivery answers as if it had been noted, and is not written down."""

    @patch(EntryRows, "change")
    def change(right: Right, self: Any, *where: Any) -> bool:
        return where[3] is EntryStatus.RECEIVED or right(self, *where)


@fault(caught_by="steps_are_taken_in_their_order")
def conflicts_tell_the_status_that_was_wanted(patch: Patch) -> None:
    """Who cannot take a step is told the status that it takes, and not the one that there is."""

    @patch(book.Book, "_take")
    def take(right: Right, self: Any, actor: Actor, entry_id: str, *step: Any, **how: Any) -> Any:
        try:
            return right(self, actor, entry_id, *step, **how)
        except StateConflict:
            raise StateConflict(status=step[0].before.value) from None


@fault(caught_by="creations_are_as_they_were_asked_for")
def visitors_have_themselves_announced(patch: Patch) -> None:
    """A visitor is said to have been created by somebody else than who did."""
    _shown_with(patch, createdBy={"type": "operator", "id": "operator"})


@fault(caught_by="creations_are_as_they_were_asked_for")
def visitors_tell_of_another_organization(patch: Patch) -> None:
    """A visitor is said to be another organisation's."""
    _shown_with(patch, organizationId="org_00000000000000000000")


@fault(caught_by="creations_are_as_they_were_asked_for")
def visitors_without_a_company_have_an_empty_one(patch: Patch) -> None:
    """What was left out of a creation is shown as an empty text, not as null."""

    @patch(book.Book, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        company = {"company": draft.company or ""} if hasattr(draft, "company") else {}
        return right(self, actor, replace(draft, **company))


def _shown_with(patch: Patch, **members: Any) -> None:
    def bend(request: Request, reply: Reply) -> Reply:
        is_visitor = request.path.startswith("/v1/visitors") and "id" in (reply.json or {})
        return with_members(reply, **members) if is_visitor else reply

    patch.replies(bend)


@fault(caught_by="of_many_at_once_one_takes_the_step")
def everybody_at_once_collects_a_delivery(patch: Patch) -> None:
    """Of several who collect a delivery at once each is told that he has it."""
    patch.put(Store, "transaction", no_transaction)

    @patch(EntryRows, "change")
    def change(right: Right, self: Any, *where: Any) -> bool:
        *entry, status, changes = where
        found = self.find(*entry)
        time.sleep(A_SLOW_STORE_SECONDS)
        if found is None or found.status is not status:
            return False
        right(self, *entry, status, changes)
        return True


@fault(caught_by="foreign_things_answer_as_absent_ones")
def foreign_visitors_can_be_read(patch: Patch) -> None:
    """getVisitor answers another organisation's visitors."""

    @patch(handlers, "get_visitor")
    def get_visitor(right: Right, keyfob: Keyfob, actor: Actor, visitor_id: str) -> Any:
        visitors = tables.Visitor
        query = visitors.select(visitors.organization_id).where(visitors.id == visitor_id)
        owner = query.scalar(keyfob.store.database) or actor.organization_id
        return right(keyfob, replace(actor, organization_id=owner), visitor_id)


@fault(caught_by="limited_keys_meet_only_their_sites")
def limited_keys_are_shown_every_visitor(patch: Patch) -> None:
    """The lists show a key that is limited to a site who visits other sites."""

    @patch(EntryRows, "page")
    def page(right: Right, self: Any, organization_id: str, _within: Sites, *others: Any) -> Any:
        return right(self, organization_id, EVERY_SITE, *others)


@fault(caught_by="unknown_sites_cannot_be_named")
def visitors_can_be_expected_anywhere(patch: Patch) -> None:
    """A key that is limited to a site expects visitors at others."""

    @patch(book, "demand_named_site")
    def demand_named_site(right: Right, rows: Any, actor: Actor, *named: Any) -> None:
        right(rows, replace(actor, sites=EVERY_SITE), *named)


@fault(caught_by="unknown_sites_cannot_be_named")
def refused_visitors_are_expected(patch: Patch) -> None:
    """Who may not expect a visitor at a site is refused, and the visitor is expected."""

    @patch(book.Book, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        if not actor.sites.every and self._store.sites.find(
            actor.organization_id, EVERY_SITE, draft.site_id
        ):
            right(self, replace(actor, sites=EVERY_SITE), draft)
        return right(self, actor, draft)


@fault(caught_by="pages_lose_and_repeat_nothing")
def one_moment_of_visitors_fits_on_one_page(patch: Patch) -> None:
    """Of the visitors that were noted in one millisecond a walk loses those beyond the page."""

    @patch(EntryRows, "page")
    def page(right: Right, self: Any, *asked: Any) -> Any:
        *others, after, limit = asked
        earlier = None if after is None else Position(after.created_at, "")
        return right(self, *others, earlier, limit)


@fault(caught_by="the_books_agree_with_their_filters")
def visitors_are_shown_at_every_site(patch: Patch) -> None:
    """The filter of visitors by site leaves everything as it is."""
    _asked_for_without(patch, site_id=None)


@fault(caught_by="the_books_agree_with_their_filters")
def visitors_are_shown_in_every_state(patch: Patch) -> None:
    """The filter of visitors by status leaves everything as it is."""
    _asked_for_without(patch, status=None)


@fault(caught_by="the_books_agree_with_their_filters")
def visitors_are_shown_on_every_day(patch: Patch) -> None:
    """The filter of visitors by the time at which they are expected leaves everything as it is."""
    _asked_for_without(patch, expected_from=None, expected_until=None)


def _asked_for_without(patch: Patch, **filters: None) -> None:
    @patch(EntryRows, "page")
    def page(right: Right, self: Any, organization_id: str, *how: Any) -> Any:
        within, asked, *others = how
        return right(self, organization_id, within, replace(asked, **filters), *others)


@fault(caught_by="the_books_agree_with_their_filters")
def a_search_outweighs_the_status(patch: Patch) -> None:
    """Who looks for a name is shown those of every status."""
    _asked(patch, lambda asked: {"status": asked.status if asked.name_contains is None else None})


@fault(caught_by="the_books_agree_with_their_filters")
def searches_look_for_companies(patch: Patch) -> None:
    """A search for a name that nobody has finds who is of a company of that name."""

    @patch(EntryRows, "page")
    def page(right: Right, self: Any, organization_id: str, *how: Any) -> Any:
        within, asked, *where = how
        found = right(self, organization_id, *how)
        if found or not asked.name_contains:
            return found
        others = right(self, organization_id, within, replace(asked, name_contains=None), *where)
        return [each for each in others if getattr(each, "company", None) == asked.name_contains]


@fault(caught_by="the_books_agree_with_their_filters")
def who_has_left_is_shown_with_all_others(patch: Patch) -> None:
    """The filter for visitors who have left leaves everything as it is."""

    @patch(EntryRows, "page")
    def page(right: Right, self: Any, organization_id: str, *how: Any) -> Any:
        within, asked, *where = how
        if hasattr(asked, "expected_from") and asked.status is EntryStatus.CHECKED_OUT:
            asked = replace(asked, status=None)
        return right(self, organization_id, within, asked, *where)


@fault(caught_by="limited_keys_work_at_their_site")
def limited_keys_note_nobody(patch: Patch) -> None:
    """A key that is limited to a site makes no entry there."""

    @patch(book.Book, "demand_may_create")
    def demand_may_create(right: Right, self: Any, actor: Actor, draft: Any) -> None:
        if not actor.sites.every:
            raise SiteForbidden(pointer="/siteId")
        right(self, actor, draft)


@fault(caught_by="limited_keys_work_at_their_site")
def limited_keys_take_no_step(patch: Patch) -> None:
    """What lies at the site of a limited key is absent to it once it would change it."""

    @patch(book.Book, "_take")
    def take(right: Right, self: Any, actor: Actor, *step: Any, **how: Any) -> Any:
        if not actor.sites.every:
            raise NotFound
        return right(self, actor, *step, **how)


@fault(caught_by="the_books_agree_with_their_filters")
def searches_have_wildcards(patch: Patch) -> None:
    """An underscore in the text that is looked for, and all behind it, stands for anything."""
    _asked(patch, lambda asked: {"name_contains": (asked.name_contains or "").split("_")[0]})


@fault(caught_by="the_books_agree_with_their_filters")
def expected_until_is_included(patch: Patch) -> None:
    """Visitors who are expected at just the time until which they were asked for are shown."""
    until = "expected_until"
    _asked(patch, lambda asked: {until: asked.expected_until and asked.expected_until + 1})


@fault(caught_by="the_books_agree_with_their_filters")
def searches_fold_ascii_only(patch: Patch) -> None:
    """A search finds a letter with an accent in its own case only."""

    def folded(text: str) -> str:
        return "".join(letter.lower() if letter.isascii() else letter for letter in text)

    patch.put(rows, "folded", folded)


@fault(caught_by="pages_are_as_long_as_asked_for")
def pages_have_one_item_more(patch: Patch) -> None:
    """A page of visitors has an item more than was asked for."""

    @patch(book.Book, "list")
    def page(right: Right, self: Any, actor: Actor, asked: Any, *, limit: int, **how: Any) -> Any:
        return right(self, actor, asked, limit=limit + 1, **how)


@fault(caught_by="the_books_agree_with_their_filters")
def visitors_are_listed_as_they_are_expected(patch: Patch) -> None:
    """Each page of visitors is in the order in which they are expected."""

    @patch(EntryRows, "page")
    def page(right: Right, self: Any, *how: Any) -> Any:
        found = right(self, *how)
        is_visitors = all(hasattr(entry, "expected_at") for entry in found)
        return sorted(found, key=lambda v: -v.expected_at) if is_visitors else found


@fault(caught_by="steps_are_taken_in_their_order")
def who_comes_again_never_left(patch: Patch) -> None:
    """When an employee checks in again, it is forgotten when he has last left."""

    @patch(EntryRows, "change")
    def change(right: Right, self: Any, *where: Any) -> bool:
        *entry, changes = where
        times = {n: None for n in ("last_checked_out_at",) if "last_checked_in_at" in changes}
        return right(self, *entry, {**changes, **times})


@fault(caught_by="steps_are_taken_in_their_order")
def recipients_are_said_to_have_collected(patch: Patch) -> None:
    """Who does not tell who has collected a delivery is said to have given it to its recipient."""

    @patch(EntryRows, "change")
    def change(right: Right, self: Any, *where: Any) -> bool:
        *entry, changes = where
        named = {n: v or "the recipient" for n, v in changes.items() if n == "collector_name"}
        return right(self, *entry, {**changes, **named})


@fault(caught_by="repeated_creations_answer_as_the_first_time")
def repeated_creations_answer_what_became_of_it(patch: Patch) -> None:
    """A repeated creation of a visitor answers what has become of the visitor since."""

    @patch(handlers, "create_visitor")
    def create_visitor(right: Right, keyfob: Keyfob, actor: Actor, *what: Any, **how: Any) -> Any:
        reply = right(keyfob, actor, *what, **how)
        seen = handlers.get_visitor(keyfob, actor, reply.body["id"])
        return replace(reply, body=seen.body)


def _asked(patch: Patch, changed: Callable[[Any], dict[str, Any]]) -> None:
    @patch(EntryRows, "page")
    def page(right: Right, self: Any, organization_id: str, within: Any, *how: Any) -> Any:
        asked, *where = how
        return right(self, organization_id, within, replace(asked, **changed(asked)), *where)
