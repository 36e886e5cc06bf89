"""What still carries the mark of a run after it has removed all that it knows of.

A reply that never arrived may have made a key nevertheless, and so may a request that was expected
to be refused.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

from keyfob_contract.rules.spec import Contract, Operation
from keyfob_contract.run.api import Api
from keyfob_contract.run.resources import Collection, Item
from keyfob_contract.run.state import MOST_ITEMS, items_of

MOST_ROUNDS = 5
MOST_PAGES = 50
MOST_OTHERS = 300
"""Things of others, in a row, behind which nothing of this run's is looked for: it is young."""


def sweep(
    contract: Contract, collections: Iterable[Collection], apis: Sequence[Api], mark: str
) -> list[str]:
    """Delete what can be deleted of it, and answer what stays: ``path/id``."""
    return [
        f"{collection.path}/{left}"
        for collection in collections
        for api in apis
        for left in _sweep_one(contract, collection, api, mark)
    ]


def _sweep_one(contract: Contract, collection: Collection, api: Api, mark: str) -> list[str]:
    ways = list(_ways_to_delete(contract, collection))
    found = _marked(collection, api, mark)
    for _ in range(MOST_ROUNDS if ways else 0):
        for one in found:
            for way in ways:
                api(way.method, way.path.replace(f"{{{collection.parameter}}}", one))
        before, found = found, _marked(collection, api, mark) if found else []
        if not found or found == before:
            break
    return found


def _marked(collection: Collection, api: Api, mark: str) -> list[str]:
    """Answer the ids of what a list has of this run, behind what others have made since."""
    found: list[str] = []
    others = 0
    for item in _newest_first(collection, api):
        if mark in json.dumps(item, ensure_ascii=False):
            found.append(str(item.get(collection.id_member)))
            others = 0
        elif (others := others + 1) > MOST_OTHERS:
            break
    return found


def _newest_first(collection: Collection, api: Api) -> Iterator[Item]:
    """Walk a list that has pages as Keyfob's lists have them; of any other, answer the first.

    A list within something else is not looked at: what it is within is gone by now, or stays.
    """
    if collection.lister is None or "{" in collection.path:
        return
    limit = {"limit": MOST_ITEMS} if "limit" in collection.lister.query else {}
    cursors: list[str | None] = [None]
    while len(cursors) <= MOST_PAGES:
        page = api("GET", collection.path, cursor=cursors[-1], **limit)
        if page.status != collection.lister.success:
            return
        yield from items_of(page.json)
        following = page.json.get("nextCursor") if isinstance(page.json, dict) else None
        if "cursor" not in collection.lister.query or following in (None, *cursors):
            return
        cursors.append(str(following))


def _ways_to_delete(contract: Contract, collection: Collection) -> Iterator[Operation]:
    keys = contract.profile.keys
    if collection.maker.id == keys.mint:
        steps = (keys.revoke, keys.delete) if keys.delete in contract.by_id else (keys.revoke,)
        yield from (contract.by_id[step] for step in steps if step in contract.by_id)
        return
    one = f"{collection.path}/{{{collection.parameter}}}"
    yield from (o for o in contract.operations if (o.method, o.path) == ("DELETE", one))
