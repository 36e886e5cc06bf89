"""What a run can see of the effects of requests."""

import json
from collections.abc import Mapping
from typing import Any

from keyfob_contract.run.api import Api
from keyfob_contract.run.resources import Resources

MOST_ITEMS = 100
GONE = "is gone"

VisibleState = Mapping[str, str]
"""Every thing of the run's that a list shows, as JSON, by its id."""


def visible_state(
    api: Api, resources: Resources, volatile: tuple[str, ...], passing: frozenset[str]
) -> VisibleState:
    """Look at the first page of every list, but for what use and time change.

    Args:
        api: who looks.
        resources: what the run made.
        volatile: members that are left out.
        passing: ids of things that are left out.
    """
    seen: dict[str, str] = {}
    for collection in resources.collections.values():
        if collection.lister is None:
            continue
        limit = {"limit": MOST_ITEMS} if "limit" in collection.lister.query else {}
        path = resources.path(api, collection.lister)
        for item in items_of(api.must(200, "GET", path, **limit)):
            if resources.is_ours(item) and item.get(collection.id_member) not in passing:
                steady = {name: v for name, v in item.items() if name not in volatile}
                where = f"{collection.path}/{item.get(collection.id_member)}"
                seen[where] = json.dumps(steady, sort_keys=True)
    return seen


def items_of(page: Any) -> list[dict[str, Any]]:
    """Answer the things on a page: it is a list of them, or an object that holds one."""
    lists = [page] if isinstance(page, list) else [v for v in page.values() if isinstance(v, list)]
    return [item for found in lists[:1] for item in found if isinstance(item, dict)]


def changes(before: VisibleState, now: VisibleState) -> list[str]:
    """Spell out what differs."""
    found: list[str] = []
    for path in sorted(before.keys() | now.keys()):
        if path not in now:
            found.append(f"{path} {GONE}")
        elif path not in before:
            found.append(f"{path} is new: {now[path]}")
        elif before[path] != now[path]:
            was, is_now = json.loads(before[path]), json.loads(now[path])
            differing = [name for name in was | is_now if was.get(name) != is_now.get(name)]
            found.append(f"{path} has another {', '.join(differing)}")
    return found
