"""Edit what you read (If-Match), create once (Idempotency-Key)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import KEYS
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.api import Api, described
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import items_of

ONCE = "idempotency-key"
A_YEAR = timedelta(days=365)


@check("createApiKey", "updateApiKey", "getApiKey")
def edits_honour_if_match(kit: Kit) -> Iterator[Complaint]:
    """An edit passes with the tag in force; with another it is 412 and changes nothing."""
    key = kit.keyring.make("conditional")
    path = f"{KEYS}/{key.id}"
    tag = kit.live("GET", path).header("etag") or ""
    attempts = (
        ('"kit-never"', 412),
        (f"W/{tag}", 412),
        (f'"kit-never", {tag}', 200),
        (tag, 412),
        ("*", 200),
    )
    for number, (condition, status) in enumerate(attempts):
        name = f"{kit.mark} attempt {number}"
        exchange = _edit(kit, path, name, condition)
        if exchange.status != status:
            yield exchange.complaint(f"If-Match: {condition} was answered {exchange.status}")
        seen = kit.live("GET", path)
        if (seen.json.get("name") == name) != (status == 200):
            text = "was lost" if status == 200 else "changed the key all the same"
            yield Complaint(f"an edit with If-Match: {condition} {text}", (exchange, seen))
    kit.keyring.revoke(key)
    exchange = _edit(kit, path, f"{kit.mark} revoked", '"kit-never"')
    if exchange.answer != (409, "KEY_IS_REVOKED"):
        yield exchange.complaint("a condition was told before the state that is in the way")
    yield from _told_last(kit)


@check("createApiKey", "updateApiKey", "rotateApiKey", "revokeApiKey", "reactivateApiKey")
def tags_name_versions_of_the_configuration(kit: Kit) -> Iterator[Complaint]:
    """ETag changes with edit, rotate, revoke and reactivate, and not with use."""
    key = kit.keyring.make("tagged")
    path = f"{KEYS}/{key.id}"
    tags = [kit.live("GET", path).header("etag")]
    value = key.value
    for deed, method, where, body in (
        ("edit", "PATCH", path, {"description": "x"}),
        ("rotate", "POST", f"{path}/rotate", None),
        ("revoke", "POST", f"{path}/revoke", {"reason": "temporary"}),
        ("reactivate", "POST", f"{path}/reactivate", None),
    ):
        exchange = kit.live(method, where, body)
        value = str(exchange.json.get("key", value))
        tag = exchange.header("etag")
        if tag in tags:
            yield exchange.complaint(f"{deed} left the tag as it was")
        tags.append(tag)
    kit.live.with_value(value)("GET", f"{KEYS}/current")
    kit.inspector.settle()
    seen = kit.live("GET", path)
    if seen.header("etag") != tags[-1]:
        yield seen.complaint("use changed the tag")


@check()
def repeated_creations_happen_once(kit: Kit) -> Iterator[Complaint]:
    """The same Idempotency-Key and body answer the first reply again; another body is 409."""
    if kit.profile.errors.conflict is None:
        raise NotChecked("the profile promises nothing about an Idempotency-Key")
    for operation in _creations(kit):
        if operation.id == kit.profile.keys.mint:
            continue
        body = kit.resources.body(kit.live, operation)
        token = kit.token()
        first, again = (_create(kit, operation, token, body) for _ in range(2))
        if first.status != operation.success or again.status != first.status:
            yield again.complaint(f"{operation.id}: first {first.status}, again {again.status}")
        elif first.json != again.json:
            yield Complaint(f"{operation.id} created a second thing", (first, again))
        if again.header("location") != first.header("location"):
            yield again.complaint(f"{operation.id}: Location is another the second time")
        folded = _create(kit, operation, token.swapcase(), body)
        if folded.status != operation.success or folded.json == first.json:
            yield folded.complaint(f"{operation.id} takes keys that differ in case for the same")
        else:
            kit.adopt(operation, folded)
        other = _create(kit, operation, token, kit.resources.body(kit.live, operation))
        yield from _conflict(operation, other, "different_body")
        yield from _made_nothing(kit, operation, other)
        kit.adopt(operation, first)
        yield from _refused_first(kit, operation)


@check()
def idempotency_keys_are_their_callers_own(kit: Kit) -> Iterator[Complaint]:
    """An Idempotency-Key is remembered for who sent it, and for one operation."""
    callers = [kit.keyring.make("other caller").api] if kit.keyring.can_make else []
    callers += [kit.other] if kit.other is not None else []
    token = kit.token()
    for operation in _creations(kit):
        body = kit.resources.body(kit.live, operation)
        made: set[str] = set()
        first: tuple[Exchange, ...] = ()
        for api in (kit.live, *callers):
            own = body if api is not kit.other else _theirs(kit, operation, body)
            exchange = _create(kit, operation, token, own, api)
            if exchange.status != operation.success:
                text = f"{operation.id}: an Idempotency-Key of others was in the way"
                yield Complaint(f"{text}: {exchange.answered}", (*first, exchange))
                continue
            one = kit.adopt(operation, exchange, api)
            if one in made:
                text = f"{operation.id}: an Idempotency-Key of others was answered what they made"
                yield Complaint(text, (*first, exchange))
            made.add(one)
            first = first or (exchange,)


@check("createApiKey", "updateApiKey", "rotateApiKey", "createSite")
def repeated_creations_take_what_first_ones_do(kit: Kit) -> Iterator[Complaint]:
    """A creation is remembered through rotations, and told only to who might still make it."""
    site, other = (kit.resources.one(kit.live, "siteId", number) for number in (0, 1))
    holder = kit.keyring.make("holds less later", siteIds=[site, other])
    ends = datetime.fromisoformat(str(holder.record["createdAt"])) + A_YEAR
    last, earlier = ((ends - days).isoformat() for days in (timedelta(0), timedelta(days=9)))
    small = {"scopes": ["keys:write", "sites:read"], "siteIds": [site], "expiresAt": last}
    attempts = [(kit.contract.by_id["createApiKey"], kit.keyring.body("again", **small))]
    attempts += [
        (operation, kit.resources.body(kit.live, operation))
        for operation in _creations(kit)
        if any(parameter == "siteId" for parameter, _ in kit.samples.named_things(operation))
        and operation.id != "createApiKey"
    ]
    tokens = [kit.token() for _ in attempts]

    def again(api: Api) -> list[Exchange]:
        pairs = zip(attempts, tokens, strict=True)
        return [_create(kit, operation, token, body, api) for (operation, body), token in pairs]

    first = again(holder.api)
    for (operation, _), exchange in zip(attempts, first, strict=True):
        kit.adopt(operation, exchange, kit.live)
    holds = holder.api.with_value(kit.keyring.rotate(holder))
    for (operation, _), was, now in zip(attempts, first, again(holds), strict=True):
        is_same = now.status == 409 if operation.id == "createApiKey" else now.json == was.json
        if not is_same:
            yield Complaint(f"{operation.id} was forgotten when its caller was rotated", (was, now))
    for narrowed, code in (
        ({"expiresAt": earlier}, "SCOPE_ESCALATION"),
        ({"expiresAt": last, "scopes": ["keys:write"]}, "SCOPE_ESCALATION"),
        ({"scopes": kit.scopes(), "siteIds": [other]}, "SITE_FORBIDDEN"),
    ):
        kit.live.must(200, "PATCH", f"{KEYS}/{holder.id}", narrowed)
        told = again(holds)
        for (operation, _), exchange in list(zip(attempts, told, strict=True)):
            is_concerned = code == "SITE_FORBIDDEN" or operation.id == "createApiKey"
            if is_concerned and exchange.answer != (403, code):
                text = f"{operation.id}, made by who held more, was repeated: {exchange.answered}"
                yield exchange.complaint(text)


@check("createApiKey")
def a_repeated_key_creation_shows_no_value(kit: Kit) -> Iterator[Complaint]:
    """A repeated creation of a key is 409 and names the key, for its value was not kept."""
    operation = kit.contract.by_id["createApiKey"]
    body, token = kit.keyring.body("once"), kit.token()
    first = _create(kit, operation, token, body)
    again = _create(kit, operation, token, body)
    made = str(first.json.get("id"))
    kit.keyring.adopt(first)
    yield from _conflict(operation, again, None)
    details = again.error_member("/error/details") or {}
    if details.get("keyId") != made:
        yield Complaint("a repeated creation does not name the key that was made", (first, again))
    other = _create(kit, operation, token, {**body, "description": "another"})
    yield from _conflict(operation, other, "different_body")
    page = kit.live("GET", KEYS, q=body["name"])
    if len(page.json.get("data", [])) != 1:
        yield page.complaint("a repeated creation made more than one key")


def _theirs(kit: Kit, operation: Operation, body: Any) -> Any:
    """Answer a body for another organisation: the same, but for what it names of this one's."""
    if kit.other is None or operation.id == kit.profile.keys.mint:
        return body
    theirs = kit.resources.body(kit.other, operation)
    named = kit.resources.naming_member(operation, theirs)
    return theirs | {named: body[named]} if named is not None else theirs


def _refused_first(kit: Kit, operation: Operation) -> Iterator[Complaint]:
    """Let a creation be refused for what it names, and try again under the same key."""
    token = ("Idempotency-Key", kit.token())
    for parameter, place in kit.samples.named_things(operation):
        if not place:
            absent = kit.samples.absent(kit.live, parameter)
            bad = kit.samples.naming(kit.live, operation, parameter, place, absent)
            refused = kit.live.ask(bad.with_headers(token))
            good = kit.samples.request(kit.live, operation).with_headers(token)
            exchange = kit.live.ask(good)
            if exchange.status != operation.success:
                text = f"{operation.id}: a refused creation used up its Idempotency-Key"
                yield Complaint(text, (refused, exchange))
            else:
                kit.adopt(operation, exchange)
            return


def _made_nothing(kit: Kit, operation: Operation, refused: Exchange) -> Iterator[Complaint]:
    """Look among what was made last for the name that was in a refused body."""
    body = json.loads(refused.request.body)
    named = kit.resources.naming_member(operation, body)
    for collection in kit.resources.collections.values():
        if collection.maker.id == operation.id and collection.lister is not None and named:
            page = kit.live("GET", kit.resources.path(kit.live, collection.lister))
            if body[named] in {item.get(named) for item in items_of(page.json)}:
                text = f"{operation.id} was refused another body, and made it all the same"
                yield Complaint(text, (refused, page))


def _told_last(kit: Kit) -> Iterator[Complaint]:
    """Let edits fail for another reason than their tag, too: the tag is told of last."""
    key = kit.keyring.make("with a tag")
    narrow = kit.keyring.make("editor of little", scopes=["keys:write"]).api
    absent = kit.samples.absent(kit.live, "keyId")
    for what, api, one, edit, expected in (
        ("what changes nothing", kit.live, key.id, {"name": key.record["name"]}, 412),
        ("a bad body", kit.live, key.id, {"name": ""}, 400),
        ("an absent key", kit.live, absent, {"name": f"{kit.mark} x"}, 404),
        ("a stronger key", narrow, key.id, {"name": f"{kit.mark} x"}, 403),
    ):
        request = described("PATCH", f"{KEYS}/{one}", edit)
        exchange = api.ask(request.with_headers(("If-Match", '"kit-never"')))
        if exchange.status != expected:
            text = f"an edit of {what} with an old tag was answered {exchange.status}"
            yield exchange.complaint(f"{text}, not {expected}")


def _creations(kit: Kit) -> Iterator[Operation]:
    return (o for o in kit.operations() if ONCE in o.headers and o.method == "POST")


def _create(
    kit: Kit, operation: Operation, token: str, body: object, by: Api | None = None
) -> Exchange:
    api = by or kit.live
    request = kit.samples.request(api, operation, with_body=False).with_json(body)
    return api.ask(request.with_headers(("Idempotency-Key", token)))


def _conflict(operation: Operation, exchange: Exchange, reason: str | None) -> Iterator[Complaint]:
    if exchange.answer != (409, "IDEMPOTENCY_CONFLICT"):
        yield exchange.complaint(f"{operation.id} answered {exchange.answered}")
        return
    told = (exchange.error_member("/error/details") or {}).get("reason")
    if not told or (reason is not None and told != reason):
        yield exchange.complaint(f"{operation.id}: details.reason is {told}, not {reason}")


def _edit(kit: Kit, path: str, name: str, condition: str) -> Exchange:
    request = described("PATCH", path, {"name": name})
    return kit.live.ask(request.with_headers(("If-Match", condition)))
