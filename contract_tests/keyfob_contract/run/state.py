"""What a run can see of the effects of requests, in the midst of what others do.

Only the first page of each list is looked at. Other people's things, which come and go, push the
run's own from it and let them back: what is missed there is looked at by itself, and what may have
been there before is not new.
"""

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.api import Api
from keyfob_contract.run.resources import ABSENT, Collection, Item, Resources

MOST_ITEMS = 100
GONE = "is gone"


@dataclass(frozen=True)
class FirstPage:
    """What a list shows.

    Attributes:
        shown: every id on it, of the run's things and of others', in their order.
        own: the run's own things, by their ids, without what use and time change.
        is_whole: whether that is all of the list.
    """

    collection: Collection
    shown: Sequence[str]
    own: Mapping[str, Item]
    is_whole: bool

    def is_new(self, one: str, before: "FirstPage") -> bool:
        """Say whether a thing that was not there before has come since, and not back into sight."""
        if before.is_whole:
            return True
        stayed = set(before.shown)
        behind = self.shown[self.shown.index(one) :]
        return any(each in stayed for each in behind)


class VisibleState:
    """The things of a run, as lists show them to the holder of a key at one moment.

    Args:
        api: who looks.
        resources: what the run made.
        volatile: members that are left out, for use and time change them.
        passing: ids of things that are left out.
    """

    def __init__(
        self, api: Api, resources: Resources, volatile: tuple[str, ...], passing: frozenset[str]
    ) -> None:
        self._api = api
        self._resources = resources
        self._volatile = volatile
        self._passing = passing
        self.pages = [
            self._first_page(collection, collection.lister)
            for collection in resources.collections.values()
            if collection.lister is not None
        ]

    def look_for(self, one: str, page: FirstPage) -> Item | None:
        """Look at a thing by itself, as it is by now; None if it is gone.

        What there is no way to look at shows nothing, which is no other than it was.
        """
        if page.is_whole and one not in page.shown:
            return None
        viewer = page.collection.viewer
        if viewer is None:
            return {}
        path = self._resources.path(self._api, viewer, {page.collection.parameter: one})
        exchange = self._api("GET", path)
        if exchange.status in ABSENT:
            return None
        return self._steady(exchange.json) if isinstance(exchange.json, dict) else {}

    def _first_page(self, collection: Collection, lister: Operation) -> FirstPage:
        path = self._resources.path(self._api, lister)
        limit = {"limit": MOST_ITEMS} if "limit" in lister.query else {}
        items = items_of(self._api.must(200, "GET", path, **limit))
        own = {
            str(item.get(collection.id_member)): self._steady(item)
            for item in self._resources.own(collection, items)
        }
        return FirstPage(
            collection,
            shown=[str(item.get(collection.id_member)) for item in items],
            own={one: item for one, item in own.items() if one not in self._passing},
            is_whole=not limit or len(items) < MOST_ITEMS,
        )

    def _steady(self, item: Item) -> Item:
        return {name: value for name, value in item.items() if name not in self._volatile}


def items_of(page: Any) -> list[dict[str, Any]]:
    """Answer the things on a page: it is a list of them, or an object that holds one."""
    values: Sequence[Any] = [page] if not isinstance(page, dict) else list(page.values())
    lists = [value for value in values if isinstance(value, list)]
    return [item for found in lists[:1] for item in found if isinstance(item, dict)]


def changes(
    before: VisibleState, now: VisibleState, made: AbstractSet[str] = frozenset()
) -> list[str]:
    """Spell out what differs, but for the things that were to be made meanwhile."""
    return [
        f"{page.collection.path}/{one} {what}"
        for was, page in zip(before.pages, now.pages, strict=True)
        for one in sorted(was.own.keys() | page.own.keys())
        if (what := _change(one, was, page, now, made))
    ]


def _change(
    one: str, was: FirstPage, page: FirstPage, now: VisibleState, made: AbstractSet[str]
) -> str | None:
    if one not in was.own:
        is_told = one not in made and page.is_new(one, was)
        return f"is new: {json.dumps(page.own[one], sort_keys=True)}" if is_told else None
    is_listed = one in page.own
    seen = page.own[one] if is_listed else now.look_for(one, page)
    if seen is None:
        return GONE
    # By itself a thing may show more than in a list, or less.
    names = was.own[one].keys() | seen.keys() if is_listed else was.own[one].keys() & seen.keys()
    differing = sorted(name for name in names if was.own[one].get(name) != seen.get(name))
    return f"has another {', '.join(differing)}" if differing else None
