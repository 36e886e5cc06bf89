"""Filters, counts and searches: what a list leaves out, and what it must not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from keyfob_contract.checks.lists import LISTED, full_but_the_last, walk
from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.rules.paths import KEYS
from keyfob_contract.run.api import demand
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import items_of
from keyfob_contract.wire.clocks import A_MOMENT

Item = Mapping[str, Any]
BOOKS = (
    ("listVisitors", "check-in"),
    ("listEmployees", "check-in"),
    ("listDeliveries", "collect"),
)
"""Lists that are not of keys, and what changes the status of what is in them."""

HOUR = timedelta(hours=1)
ELSEWHERE = timezone(timedelta(hours=12, minutes=45))


@check(*LISTED)
def filters_agree_with_the_walk(kit: Kit) -> Iterator[Complaint]:
    """Each filter leaves just what the whole list shows to fit it, on full pages."""
    name = f"{kit.mark} filtered"
    here, there = _population(kit)
    whole = [item for page in walk(kit, KEYS, q=name) for item in items_of(page.json)]
    filters: Sequence[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = (
        ({"status": "active"}, lambda key: key["status"] == "active"),
        ({"status": "revoked"}, lambda key: key["status"] == "revoked"),
        ({"status": "expired"}, lambda key: key["status"] == "expired"),
        ({"siteId": here}, lambda key: bool({"*", here} & set(key["siteIds"]))),
        (
            {"siteId": there, "status": "active"},
            lambda key: _covers(key, there) and key["status"] == "active",
        ),
    )
    for query, fits in filters:
        pages = walk(kit, KEYS, q=name, **query)
        found = [item["id"] for page in pages for item in items_of(page.json)]
        expected = [item["id"] for item in whole if fits(item)]
        if found != expected:
            yield pages[-1].complaint(f"{query} shows {len(found)} keys, {len(expected)} fit")
        yield from full_but_the_last(pages)


@check(*(lister for lister, _ in BOOKS))
def the_books_agree_with_their_filters(kit: Kit) -> Iterator[Complaint]:
    """Each filter of visitors, employees and deliveries leaves just what fits it."""
    for lister, step in BOOKS:
        path = kit.contract.by_id[lister].path
        filters = kit.contract.by_id[lister].query
        things = _entries(kit, path, step)
        name = f"{kit.mark} entry"
        walked = walk(kit, path, q=name)
        whole = [item for page in walked for item in items_of(page.json)]
        if [item["id"] for item in whole] != [thing["id"] for thing in reversed(things)]:
            yield Complaint(f"{path} is in another order than the newest first", tuple(walked))
        for query, fits in _entry_filters(things):
            if not query.keys() <= filters.keys():
                continue
            asked: dict[str, Any] = {"q": name} | query
            pages = walk(kit, path, **asked)
            found = [item["id"] for page in pages for item in items_of(page.json)]
            expected = [item["id"] for item in whole if fits(item)]
            if found != expected:
                names = [_name_of(item) for item in whole if item["id"] in expected]
                text = f"{path} with {query} shows {len(found)}, and just {names} fit"
                yield Complaint(text, tuple(pages))


@check(*LISTED)
def counts_agree_with_the_walk(kit: Kit) -> Iterator[Complaint]:
    """The counts are those of the whole list, and obey the name and the site but not the status."""
    name = f"{kit.mark} counted apart"
    _population(kit, "counted apart")
    if kit.other is not None:
        kit.keyring.make("counted apart", kit.other)
    here = kit.resources.one(kit.live, "siteId")
    queries: Sequence[dict[str, Any]] = ({}, {"siteId": here})
    for query in queries:
        whole = [i for page in walk(kit, KEYS, q=name, **query) for i in items_of(page.json)]
        expected = {
            s: sum(i["status"] == s for i in whole) for s in ("active", "expired", "revoked")
        }
        for status in (None, "active", "revoked"):
            exchange = kit.live("GET", KEYS, q=name, limit=1, status=status, **query)
            if exchange.json.get("counts") != expected:
                yield exchange.complaint(
                    f"counts are {exchange.json.get('counts')}, not {expected}"
                )


@check(*LISTED)
def search_is_literal(kit: Kit) -> Iterator[Complaint]:
    """A search finds the text itself, in any case, and takes no character for a wildcard."""
    names = {
        n: kit.keyring.make(f"lit {n}", description="not its name").id
        for n in ("10% a_b", "10x aXb", "STRASSE É")
    }
    for wanted, found in (
        ("lit 10% a_b", ["10% a_b"]),
        ("lit 10%", ["10% a_b"]),
        ("0% a_", ["10% a_b"]),
        ("LIT 10X AxB", ["10x aXb"]),
        ("strasse é", ["STRASSE É"]),
        ("not its name", []),
        ("lit ", ["10% a_b", "10x aXb", "STRASSE É"]),
    ):
        exchange = kit.live("GET", KEYS, q=wanted, limit=100)
        ours = {item["id"] for item in items_of(exchange.json)} & set(names.values())
        if ours != {names[name] for name in found}:
            yield exchange.complaint(f"a search for {wanted!r} found {len(ours)} of {len(found)}")


def _entries(kit: Kit, path: str, step: str) -> list[Item]:
    """Make some at two sites, an hour apart, one of each site with the step done; answer them."""
    maker = next(o for o in kit.contract.operations if (o.method, o.path) == ("POST", path))
    sites = [kit.resources.one(kit.live, "siteId", number) for number in (0, 1)]
    made: list[Item] = []
    for number in range(4):
        kit.clock.wait(A_MOMENT)
        body = kit.resources.body(kit.live, maker) | {"siteId": sites[number % 2]}
        body[kit.resources.naming_member(maker, body)] = f"{kit.mark} entry {number} É%_"
        if "expectedAt" in body:
            base = datetime.fromisoformat(body["expectedAt"])
            body["expectedAt"] = (base - number * HOUR).isoformat()
        exchange = kit.live("POST", path, body)
        demand(exchange, maker.success)
        one = kit.adopt(maker, exchange)
        if number < len(sites):
            kit.live.must(200, "POST", f"{path}/{one}/{step}")
        if number == 0 and step == "check-in":
            kit.live.must(200, "POST", f"{path}/{one}/check-out")
        made.append(kit.live("GET", f"{path}/{one}").json)
    return made


def _entry_filters(
    things: Sequence[Item],
) -> Iterator[tuple[dict[str, Any], Callable[[Item], bool]]]:
    """Answer filters, and what fits each."""
    one, last = things[0], things[-1]
    for name in ("status", "siteId"):
        for thing in (one, things[1], last):
            value = thing[name]
            yield {name: value}, lambda item, name=name, value=value: item[name] == value
    yield (
        {"status": one["status"], "siteId": one["siteId"]},
        lambda item: (item["status"], item["siteId"]) == (one["status"], one["siteId"]),
    )
    name = _name_of(last)
    yield {"q": name.lower()}, lambda item: _name_of(item) == name
    for other in filter(None, map(last.get, ("company", "hostName", "email", "carrier"))):
        yield {"q": other}, lambda item, other=other: other in _name_of(item)
    yield {"q": name.replace(" ", "_")}, lambda _item: False
    yield {"q": name.replace(" ", "%")}, lambda _item: False
    if moment := things[2].get("expectedAt"):
        told = datetime.fromisoformat(moment).astimezone(ELSEWHERE).isoformat()
        yield {"expectedFrom": told}, lambda item: item["expectedAt"] >= moment
        yield {"expectedUntil": told}, lambda item: item["expectedAt"] < moment
        yield (
            {"expectedFrom": told, "expectedUntil": one["expectedAt"]},
            lambda item: moment <= item["expectedAt"] < one["expectedAt"],
        )


def _name_of(item: Item) -> str:
    return str(item.get("name") or item.get("recipientName"))


def _population(kit: Kit, name: str = "filtered") -> tuple[str, str]:
    """Make keys in every state, for one site, another, and all; answer the two sites."""
    here = kit.resources.one(kit.live, "siteId")
    there = kit.resources.one(kit.live, "siteId", 1)
    for site_ids in (["*"], [here], [there], [here, there]):
        kit.keyring.make(f"{name} active", siteIds=site_ids)
        kit.keyring.revoke(kit.keyring.make(f"{name} revoked", siteIds=site_ids))
    for is_revoked in (False, True):  # who is both is revoked, wherever it is asked
        if kit.dead.has_expired_keys:
            key: Key = kit.dead.expired_key()
            kit.live.must(200, "PATCH", f"{KEYS}/{key.id}", {"name": f"{kit.mark} {name} expired"})
            if is_revoked:
                kit.keyring.revoke(key)
    return here, there


def _covers(key: dict[str, Any], site_id: str) -> bool:
    return bool({"*", site_id} & set(key["siteIds"]))
