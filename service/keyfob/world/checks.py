"""What no schema can say of the fixtures: that they are one world, and that it could have come so.

Items are told by file (``keys``) and place; problems point into that file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from keyfob.domain.secret_value import is_published, is_well_formed
from keyfob.errors import Problem
from keyfob.gate.validation import Path as Place
from keyfob.gate.validation import pointer
from keyfob.reply import Json
from keyfob.settings import PUBLISHED_PREFIX
from keyfob.world.moments import Moment

ENTRIES = ("visitors", "employees", "deliveries")
HAPPENED = (
    "createdAt",
    "checkedInAt",
    "checkedOutAt",
    "lastCheckedInAt",
    "lastCheckedOutAt",
    "collectedAt",
    "revokedAt",
    "lastUsedAt",
)
"""Times of what has happened when the world begins."""

AFTER_CREATION = HAPPENED[1:]

Files = Mapping[str, list[Json]]
Found = tuple[str, Problem]


class _Item(NamedTuple):
    file: str
    place: Place
    members: Json

    def problem(self, message: str, *member: str | int) -> Found:
        return self.file, Problem(pointer((*self.place, *member)), message)


def problems_of(files: Files, now: int) -> list[Found]:
    """Answer all that is wrong.

    Args:
        files: each of which fits its shape, with ``Moment`` for times.
        now: when the world would begin.
    """
    checks = (_ids, _references, _values, _companions)
    found = [problem for check in checks for problem in check(files)]
    return found or [*_chronology(files, now)]


def _items(files: Files) -> Iterator[_Item]:
    for file, items in files.items():
        for position, members in enumerate(items):
            yield _Item(file, (position,), members)
            for number, site in enumerate(members.get("sites", ())):
                yield _Item(file, (position, "sites", number), site)


def _ids(files: Files) -> Iterator[Found]:
    seen: set[str] = set()
    for item in _items(files):
        if item.members["id"] in seen:
            yield item.problem("stands in these files twice", "id")
        seen.add(item.members["id"])


def _references(files: Files) -> Iterator[Found]:
    organization_of = organization_of_each_site(files["organizations"])
    organizations = {each["id"] for each in files["organizations"]}
    organization_of_key = {key["id"]: key["organizationId"] for key in files["keys"]}
    for item in _items({"keys": files["keys"]}):
        own = item.members["organizationId"]
        if own not in organizations:
            yield item.problem("is no organisation of organizations.yaml", "organizationId")
        for number, site in enumerate(item.members["siteIds"]):
            if site != "*" and organization_of.get(site) != own:
                yield item.problem("is no site of this organisation", "siteIds", number)
    for item in _items({name: files[name] for name in ENTRIES}):
        organization = organization_of.get(item.members["siteId"])
        if organization is None:
            yield item.problem("is no site of organizations.yaml", "siteId")
        creator = item.members.get("createdBy")
        if creator is not None and organization_of_key.get(creator) != organization:
            yield item.problem("is no key of the site's organisation", "createdBy")


def organization_of_each_site(organizations: Iterable[Json]) -> dict[str, str]:
    """Answer to which organisation each site belongs."""
    return {site["id"]: each["id"] for each in organizations for site in each["sites"]}


def _values(files: Files) -> Iterator[Found]:
    seen: set[str] = set()
    for item in _items({"keys": files["keys"]}):
        values: dict[Place, str] = {("value",): item.members["value"]}
        for number, replaced in enumerate(_replaced(item.members)):
            values["replacedValues", number, "value"] = replaced["value"]
        for place, value in values.items():
            if complaint := _complaint_about(value):
                yield item.problem(complaint, *place)
            elif value in seen:
                yield item.problem("stands in this file twice", *place)
            seen.add(value)


def _complaint_about(value: str) -> str | None:
    if not is_published(value):
        return f"must begin with {PUBLISHED_PREFIX}_, so that no server but the mock takes it"
    if not is_well_formed(value):
        return f"must be {PUBLISHED_PREFIX}_, 27 letters or digits, and their checksum"
    return None


def _replaced(key: Json) -> list[Json]:
    return key.get("replacedValues", [])


def _companions(files: Files) -> Iterator[Found]:
    needed = {
        "checkedOutAt": "checkedInAt",
        "lastCheckedOutAt": "lastCheckedInAt",
        "collectorName": "collectedAt",
        "revokedReason": "revokedAt",
        "usedScopes": "lastUsedAt",
    }
    for item in _items(files):
        for name, other in needed.items():
            if name in item.members and other not in item.members:
                yield item.problem(f"needs {other} beside it", name)


def _chronology(files: Files, now: int) -> Iterator[Found]:
    for item in _items(files):
        members = item.members
        for name in HAPPENED:
            if name in members and members[name].at(now) > now:
                yield item.problem("lies in the future", name)
        for name in AFTER_CREATION:
            if name in members and members[name].at(now) < members["createdAt"].at(now):
                yield item.problem("lies before createdAt", name)
        if "checkedOutAt" in members:
            yield from _in_order(item, [("checkedInAt",), ("checkedOutAt",)], now)
    for item in _items({"keys": files["keys"]}):
        yield from _life_of_key(item, now)
    yield from _sites_before_what_is_there(files, now)


def _life_of_key(item: _Item, now: int) -> Iterator[Found]:
    replacements = [
        ("replacedValues", number, "replacedAt") for number in range(len(_replaced(item.members)))
    ]
    for place in replacements:
        if _moment(item, place).at(now) > now:
            yield item.problem("lies in the future", *place)
    lives = [("createdAt",), *replacements]
    yield from _in_order(item, lives, now)
    for end in ("revokedAt", "expiresAt"):
        if end in item.members:
            yield from _in_order(item, [lives[-1], (end,)], now)


def _in_order(item: _Item, places: Sequence[Place], now: int) -> Iterator[Found]:
    for earlier, later in pairwise(places):
        if _moment(item, later).at(now) <= _moment(item, earlier).at(now):
            yield item.problem(f"must lie after {pointer((*item.place, *earlier))}", *later)


def _moment(item: _Item, place: Place) -> Moment:
    found: Any = item.members
    for step in place:
        found = found[step]
    return found


def _sites_before_what_is_there(files: Files, now: int) -> Iterator[Found]:
    since: dict[str, int] = {}
    for item in _items(files):  # organisations and sites come first
        created_at = item.members["createdAt"].at(now)
        since[item.members["id"]] = created_at
        where = item.members.get("siteId", item.members.get("organizationId"))
        if len(item.place) > 1:
            where = files[item.file][int(item.place[0])]["id"]
        if where is not None and created_at < since[where]:
            yield item.problem("lies before its site or organisation was made", "createdAt")
