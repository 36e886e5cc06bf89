"""Lists: whole, in order, page by page, while others write."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import AUDIT, KEYS
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import items_of

PAGE = 2
MOST_PAGES = 60
MAKING = 3
LISTED = ("createApiKey", "listApiKeys", "revokeApiKey", "deleteApiKey")


@check(*LISTED)
def pages_lose_and_repeat_nothing(kit: Kit) -> Iterator[Complaint]:
    """A walk of the pages meets what was there throughout, once, while others write."""
    name = f"{kit.mark} walked"
    keys = [kit.keyring.make(f"walked {number}") for number in range(2 * PAGE + 3)]
    going = keys[1::3]

    def others_write(number: int) -> None:
        kit.keyring.make(f"walked meanwhile {number}")
        if number < len(going):
            kit.keyring.delete(going[number])

    pages = walk(kit, KEYS, others_write, q=name)
    yield from full_but_the_last(pages)
    yield from _each_once(pages, {key.id for key in keys if key not in going})
    yield from _walked_events(kit)
    for collection in kit.resources.collections.values():
        lister = collection.lister
        if lister is None or collection.path == KEYS or "cursor" not in lister.query:
            continue
        made = {kit.resources.fresh(kit.live, collection.parameter) for _ in range(MAKING)}

        def make_one(_number: int, parameter: str = collection.parameter) -> None:
            kit.resources.one(kit.live, parameter, 1)

        pages = walk(kit, collection.path, make_one, until=made)
        yield from _each_once(pages, made)


@check(*LISTED)
def lists_are_newest_first(kit: Kit) -> Iterator[Complaint]:
    """Every list is in the order of creation, the newest first."""
    for collection in kit.resources.collections.values():
        if collection.lister is None:
            continue
        kit.resources.one(kit.live, collection.parameter)
        kit.clock.wait(0.002)
        newest = kit.resources.fresh(kit.live, collection.parameter)
        exchange = kit.live("GET", collection.path)
        items = items_of(exchange.json)
        times = [item["createdAt"] for item in items if "createdAt" in item]
        if times != sorted(times, reverse=True):
            yield exchange.complaint(f"{collection.path} is in another order than the newest first")
        elif newest not in {item.get("id") for item in items}:
            yield exchange.complaint(
                f"what was made last is not on the first page of {collection.path}"
            )


@check(*LISTED)
def pages_are_as_long_as_asked_for(kit: Kit) -> Iterator[Complaint]:
    """A page has as many items as ``limit`` says, or as the contract says without it."""
    for operation in _paged(kit):
        limit = operation.query.get("limit")
        if limit is None:
            continue
        path = kit.resources.path(kit.live, operation)
        there = len(items_of(kit.live("GET", path, limit=limit.schema.get("maximum")).json))
        for asked in (1, PAGE, None):
            most = asked or limit.schema.get("default", there)
            page = kit.live("GET", path, limit=asked)
            found = len(items_of(page.json))
            if not min(there, most) <= found <= most:
                how = f"limit {asked}" if asked else "no limit"
                yield page.complaint(f"{path} with {how} has {found} items of {there}")


@check(*LISTED)
def cursors_belong_to_their_list(kit: Kit) -> Iterator[Complaint]:
    """A cursor that was altered, or comes with other filters than its own, is 400."""
    name = f"{kit.mark} cursor"
    for number in range(PAGE):
        kit.keyring.make(f"cursor {number}")
    first = kit.live("GET", KEYS, q=name, limit=1)
    cursor = first.json.get("nextCursor")
    if not isinstance(cursor, str):
        yield first.complaint("there is no nextCursor, though there is more")
        return
    middle = len(cursor) // 2
    altered = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    for what, query in (
        ("an altered cursor", {"q": name, "cursor": altered}),
        ("a cursor cut short", {"q": name, "cursor": cursor[:-1]}),
        ("a cursor with another search", {"q": "another", "cursor": cursor}),
        ("a cursor without its search", {"cursor": cursor}),
    ):
        exchange = kit.live("GET", KEYS, **query)
        if exchange.status != 400:
            yield exchange.complaint(f"{what} was answered {exchange.status}")
    own: dict[str, str] = {}
    for operation in _paged(kit):
        yield from _bound_to_filters(kit, operation)
        path = kit.resources.path(kit.live, operation)
        own[path] = str(kit.live("GET", path, limit=1).json.get("nextCursor"))
    before = KEYS
    for path, cursor in own.items():
        for what, odd in (
            ("an altered cursor", f"{cursor[:4]}{cursor[4:].swapcase()}"),
            ("a cursor cut short", cursor[:-1]),
            (f"a cursor of {before}", own.get(before, cursor)),
        ):
            exchange = kit.live("GET", path, limit=1, cursor=odd)
            if exchange.status != 400 and odd != cursor:
                yield exchange.complaint(f"{path} answered {what} with {exchange.status}")
        before = path


@check(*LISTED, "createSite")
def cursors_open_nothing(kit: Kit) -> Iterator[Complaint]:
    """A cursor in the hands of another key leads to nothing that the key does not meet anyway."""
    here = kit.resources.one(kit.live, "siteId", 2)
    limited = kit.keyring.make("limited, with a cursor", siteIds=[here]).api
    others = [each for each in (limited, kit.other) if each is not None]
    for operation in _paged(kit):
        path = kit.resources.path(kit.live, operation)
        made = kit.live("GET", path, limit=1)
        theirs = {str(item.get("id")) for item in items_of(kit.live("GET", path).json)}
        for api in others:
            met = {str(item.get("id")) for item in items_of(api("GET", path).json)}
            odd = api("GET", path, cursor=made.json.get("nextCursor"))
            shown = {str(item.get("id")) for item in items_of(odd.json)}
            if odd.status not in {200, 400} or shown & theirs - met:
                text = f"{path} shows who has a cursor of another what he does not meet"
                yield Complaint(text, (made, odd))


def _paged(kit: Kit) -> Iterator[Operation]:
    """Answer the lists that have pages, each with more than one page of two."""
    for operation in kit.operations():
        if operation.method != "GET" or "cursor" not in operation.query:
            continue
        for parameter, collection in kit.resources.collections.items():
            if collection.path == operation.path:
                for number in range(PAGE + 1):
                    kit.resources.one(kit.live, parameter, number)
        yield operation


def _bound_to_filters(kit: Kit, operation: Operation) -> Iterator[Complaint]:
    """Take a cursor of a list and use it with each filter, and with the filter left out again."""
    path = kit.resources.path(kit.live, operation)
    plain = kit.live("GET", path, limit=1).json.get("nextCursor")
    for name, rule in operation.query.items():
        if name in {"limit", "cursor"}:
            continue
        value = kit.resources.with_real_ids(
            kit.live, rule.invented if rule.example is None else rule.example
        )
        exchange = kit.live("GET", path, cursor=plain, **{name: value})
        if plain is not None and exchange.status != 400:
            yield exchange.complaint(f"a cursor of the whole list was taken with {name}")
        narrowed = kit.live("GET", path, limit=1, **{name: value}).json.get("nextCursor")
        if narrowed is not None:
            exchange = kit.live("GET", path, limit=1, cursor=narrowed)
            if exchange.status != 400:
                yield exchange.complaint(f"a cursor of one {name} was taken without it")


def walk(
    kit: Kit,
    path: str,
    between: Callable[[int], None] = lambda _number: None,
    until: set[str] | None = None,
    **query: Any,
) -> list[Exchange]:
    """Walk the pages to the end, or until all that was waited for has come."""
    pages: list[Exchange] = []
    missing = set(until or ())
    cursor: str | None = None
    while len(pages) < MOST_PAGES:
        page = kit.live("GET", path, limit=PAGE, cursor=cursor, **query)
        pages.append(page)
        missing -= {str(item.get("id")) for item in items_of(page.json)}
        last, cursor = cursor, page.json.get("nextCursor")
        if page.status != 200 or cursor in {None, last} or (until and not missing):
            return pages
        between(len(pages) - 1)
    raise NotChecked(f"{path} has more than {MOST_PAGES * PAGE} things, too many to walk")


def _walked_events(kit: Kit) -> Iterator[Complaint]:
    if "listAuditEvents" not in kit.contract.by_id:
        return
    key = kit.keyring.make("with a history")
    for number in range(2 * PAGE):
        kit.live.must(200, "PATCH", f"{KEYS}/{key.id}", {"description": str(number)})
    pages = walk(kit, AUDIT, keyId=key.id)
    yield from full_but_the_last(pages)
    met = [event.get("id") for page in pages for event in items_of(page.json)]
    if len(met) != 2 * PAGE + 1 or len(set(met)) != len(met):
        yield Complaint(f"a walk met {len(met)} of {2 * PAGE + 1} events", tuple(pages))


def _each_once(pages: Sequence[Exchange], expected: set[str]) -> Iterator[Complaint]:
    met = [item.get("id") for page in pages for item in items_of(page.json)]
    for lost in expected - set(met):
        yield Complaint(f"a walk lost {lost}, which was there throughout", tuple(pages))
    if len(met) != len(set(met)):
        yield Complaint("a walk met something twice", tuple(pages))


def full_but_the_last(pages: Sequence[Exchange]) -> Iterator[Complaint]:
    for page in pages:
        found = len(items_of(page.json))
        if found > PAGE or (found < PAGE and page is not pages[-1]):
            yield page.complaint(f"a page that may have {PAGE} items has {found}")
    if pages[-1].json.get("nextCursor") is not None:
        yield pages[-1].complaint("the last page leads on")
