"""Texts and times: what was accepted is kept as it was sent."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from keyfob_contract.checks.mutations import Mutations, Schema
from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import NOTHING, Complaint, Exchange
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.message import Request

BEFORE, BEHIND = "  ", " Zoe\u0301 \ufb01 \U0001f600 <b>&amp;</b> %41+\\'\"  "
"""Blanks at the ends, decomposed and compatibility characters, one beyond 16 bits, and markup."""

ADDRESS = "Ada.L+Kit@Example.COM"
"""Where nothing odder may stand."""

BEYOND_16_BITS = "\U0001f511"
ELSEWHERE = timezone(timedelta(hours=-9, minutes=-30))


@check()
def texts_come_back_as_they_were_sent(kit: Kit) -> Iterator[Complaint]:
    """A text that is accepted is kept to the letter: not trimmed, not normalised, not escaped."""
    if not kit.profile.strictness.verbatim:
        raise NotChecked("the profile does not promise that texts are kept as they are sent")
    tried = 0
    for odd in (_odd, _longest):
        for operation in kit.operations():
            request, texts = _sent(kit, operation, odd)
            if not texts:
                continue
            tried += 1
            yield from _kept(kit, operation, request, texts)
    if not tried:
        raise NotChecked("no operation of the contract takes a text and answers it")


@check()
def times_come_back_as_they_were_sent(kit: Kit) -> Iterator[Complaint]:
    """A time is kept to the millisecond, whatever zone it was told in."""
    if not kit.profile.strictness.utc_times:
        raise NotChecked("the profile does not promise times to the millisecond")
    tried = 0
    for operation in kit.operations():
        request, times = _sent(kit, operation, _elsewhere)
        tried += bool(times)
        yield from _kept(kit, operation, request, times) if times else ()
    if not tried:
        raise NotChecked("no operation of the contract takes a time and answers it")


Odd = Callable[[Kit, Schema, Any], str | None]
"""Makes an odd value for a member, of its schema and a good value; None if there is none."""


def _odd(kit: Kit, schema: Schema, _good: Any) -> str | None:
    return None if "format" in schema else f"{BEFORE}{kit.mark}{BEHIND}"


def _longest(kit: Kit, schema: Schema, _good: Any) -> str | None:
    """Characters are counted, and not what some encoding makes of them."""
    return (
        None if "format" in schema else kit.mark.ljust(schema.get("maxLength", 0), BEYOND_16_BITS)
    )


def _elsewhere(kit: Kit, schema: Schema, good: Any) -> str | None:
    if schema.get("format") != "date-time":
        return None
    if not isinstance(good, str):
        good = kit.runner.record["createdAt"]
    a_year_on = datetime.fromisoformat(good).astimezone(ELSEWHERE) + timedelta(days=365)
    return a_year_on.replace(microsecond=7000).isoformat(timespec="milliseconds")


def _sent(kit: Kit, operation: Operation, odd: Odd) -> tuple[Request, dict[str, str]]:
    """Answer a good request with odd values wherever its schema permits them, and those values."""
    good = kit.resources.body(kit.live, operation)
    if operation.body is None or not isinstance(good, dict):
        return Request(operation.method, operation.path), {}
    members = Mutations(kit.contract.document, operation.body.schema, good).members
    answered = operation.replies[operation.success].members
    values: dict[str, str] = {}
    for name in members.keys() & answered:
        for value in (odd(kit, members[name], good.get(name)), ADDRESS if odd is _odd else None):
            if value is not None and operation.body.validator.is_valid({**good, name: value}):
                values[name] = value
                break
    if not values:
        return Request(operation.method, operation.path), {}
    ids = {name: kit.resources.fresh(kit.live, name) for name in operation.path_values}
    request = kit.samples.request(kit.live, operation, ids=ids)
    return request.with_json({**good, **values}, operation.body.media_type), values


def _path_of(kit: Kit, operation: Operation, request: Request, exchange: Exchange) -> str:
    """Answer where what was created or edited can be seen, if it can."""
    if operation.path_values:
        is_action = not operation.path.endswith("}")
        return request.path.rpartition("/")[0] if is_action else request.path
    for collection in kit.resources.collections.values():
        if collection.maker.id == operation.id:
            one = kit.adopt(operation, exchange)
            return f"{kit.resources.path(kit.live, collection.maker)}/{one}"
    return ""


def _kept(
    kit: Kit, operation: Operation, request: Request, values: Mapping[str, str]
) -> Iterator[Complaint]:
    told = kit.live.ask(request)
    if told.status != operation.success:
        yield told.complaint(f"{operation.id} refused what the contract permits")
        return
    one = _path_of(kit, operation, request, told)
    for exchange in (told, kit.live("GET", one)) if one else (told,):
        for name, value in values.items():
            seen = exchange.json.get(name)
            if seen != value and _instant(seen) != (_instant(value) or NOTHING):
                text = f"{operation.id}: {name} came back as {seen!r}, not {value!r}"
                yield Complaint(text, (told, exchange))


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
