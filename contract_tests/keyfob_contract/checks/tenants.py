"""What belongs to another organisation is absent: the same answer, and no effect."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

from keyfob_contract.checks.limits import left_of
from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import CURRENT
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.api import Api
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import changes
from keyfob_contract.wire.message import Request

LONG_AGO = "2001-01-01T00:00:00Z"
TELLING_NOTHING = frozenset({"date", "ratelimit", "ratelimit-policy", "content-length"})


@check(other=True)
def foreign_things_answer_as_absent_ones(kit: Kit) -> Iterator[Complaint]:
    """Another organisation's ids answer exactly as ids that do not exist, and nothing happens."""
    other = _other(kit)
    theirs = {
        name: kit.resources.one(other, name)
        for operation in kit.operations()
        for name in operation.path_values
    }
    before = kit.state(other)
    for operation in kit.operations():
        if not operation.path_values:
            continue
        absent = {name: kit.samples.absent(kit.live, name) for name in operation.path_values}
        pair = [
            kit.live.ask(kit.samples.request(kit.live, operation, ids=ids))
            for ids in (theirs, absent)
        ]
        yield from _distinguishable(pair, f"{operation.id} of another organisation's id")
    for change in changes(before, kit.state(other)):
        yield Complaint(f"a request of another organisation had an effect: {change}")


@check(other=True)
def foreign_things_are_in_no_list(kit: Kit) -> Iterator[Complaint]:
    """No list shows, or tells of, what belongs to another organisation."""
    other = _other(kit)
    theirs = {kit.resources.one(other, parameter) for parameter in kit.resources.collections}
    asker = kit.other_runner.id if kit.other_runner is not None else ""  # or where none is made
    for operation in kit.operations():
        if operation.is_safe and not operation.path_values:
            exchange = kit.live.ask(kit.samples.request(kit.live, operation))
            text = exchange.reply.body.decode("utf-8", "replace")
            for named in sorted(one for one in theirs if one in text):
                yield exchange.complaint(f"{operation.id} tells of another organisation's {named}")
        if operation.is_safe and "cursor" in operation.query:
            yield from _filtered(kit, operation, theirs | {asker} - {""}, asker)


@check(other=True)
def foreign_things_cannot_be_named(kit: Kit) -> Iterator[Complaint]:
    """In a query or a body, too, another organisation's ids answer as ids that do not exist."""
    other = _other(kit)
    for operation in kit.operations():
        for parameter, place in kit.samples.named_things(operation):
            theirs = kit.resources.one(other, parameter)
            absent = kit.samples.absent(kit.live, parameter)
            pair = [
                kit.live.ask(kit.samples.naming(kit.live, operation, parameter, place, named))
                for named in (theirs, absent)
            ]
            where = place or "its body"
            what = f"{operation.id} naming another organisation's {parameter} in {where}"
            yield from _distinguishable(pair, what)


@check("verifyApiKey", "createApiKey", other=True)
def foreign_values_are_unknown(kit: Kit) -> Iterator[Complaint]:
    """Only values of the asker's own organisation are judged; all others are unknown."""
    other = _other(kit)
    live, dead = (kit.keyring.make(f"{what} foreign", other) for what in ("live", "dead"))
    kit.keyring.revoke(dead)
    verify = Request("POST", kit.contract.by_id["verifyApiKey"].path)
    before = live.api("GET", CURRENT)
    for key in (live, dead):
        for asked in ({}, {"scope": "audit:read"}):
            exchange = kit.live.ask(verify.with_json({"key": key.value, **asked}))
            verdict = exchange.json.get("valid"), exchange.json.get("code")
            if verdict != (False, "API_KEY_INVALID") or exchange.json.get("keyId") is not None:
                yield exchange.complaint("another organisation's value was judged as if known")
    after = live.api("GET", CURRENT)
    if left_of(before) - left_of(after) != 1:
        yield Complaint("to judge another organisation's value was charged to it", (before, after))


def _filtered(kit: Kit, operation: Operation, theirs: set[str], asker: str) -> Iterator[Complaint]:
    """Ask for a list with each filter that may find what belongs to another organisation."""
    path = kit.resources.path(kit.live, operation)
    values = {"q": [kit.mark], "actor": [*filter(None, [asker]), "operator"], "since": [LONG_AGO]}
    for name, rule in operation.query.items():
        for value in values.get(name) or rule.schema.get("enum") or ():
            exchange = kit.live("GET", path, **{name: value})
            text = exchange.reply.body.decode("utf-8", "replace")
            for named in sorted(one for one in theirs if one in text):
                what = f"{operation.id} with {name} {value} tells of another organisation's {named}"
                yield exchange.complaint(what)


def _distinguishable(pair: Sequence[Exchange], what: str) -> Iterator[Complaint]:
    foreign, absent = pair
    if foreign.status != absent.status:
        text = f"{what} was answered {foreign.status}, an absent one {absent.status}"
        yield Complaint(text, (foreign, absent))
    elif _essence(foreign) != _essence(absent):
        yield Complaint(f"{what} was answered other than an absent one", (foreign, absent))
    elif (
        foreign.status < 300
        and foreign.expected.operation
        and foreign.expected.operation.path_values
    ):
        yield Complaint(f"{what} succeeded", (foreign, absent))


def _essence(exchange: Exchange) -> tuple[str, frozenset[tuple[str, str]]]:
    """Answer the reply without what differs between any two replies."""
    request_id = exchange.header(exchange.contract.profile.request_id.header or "") or "\0"
    body = exchange.reply.body.decode("utf-8", "replace").replace(request_id, "")
    with suppress(ValueError):
        body = json.dumps(json.loads(body), sort_keys=True)
    headers = {
        (name, value.replace(request_id, ""))
        for name, value in exchange.reply.headers
        if name not in TELLING_NOTHING
    }
    return body, frozenset(headers)


def _other(kit: Kit) -> Api:
    if kit.other is None:
        raise LookupError("the check says that it takes another organisation's key")
    return kit.other
