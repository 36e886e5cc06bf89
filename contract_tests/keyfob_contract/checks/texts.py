"""Texts: what was accepted is kept as it was sent."""

from collections.abc import Iterator
from typing import Any

from keyfob_contract.checks.mutations import Mutations
from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.message import Request

BEFORE, BEHIND = "  ", " Zoe\u0301 \ufb01 \U0001f600 <b>&amp;</b> %41+\\'\"  "
"""Blanks at the ends, decomposed and compatibility characters, one beyond 16 bits, and markup."""


@check()
def texts_come_back_as_they_were_sent(kit: Kit) -> Iterator[Complaint]:
    """A text that is accepted is kept to the letter: not trimmed, not normalised, not escaped."""
    if not kit.profile.strictness.verbatim:
        raise NotChecked("the profile does not promise that texts are kept as they are sent")
    tried = 0
    for operation in kit.operations():
        request, texts = _odd(kit, operation)
        if not texts:
            continue
        tried += 1
        exchange = kit.live.ask(request)
        if exchange.status != operation.success:
            yield exchange.complaint(f"{operation.id} refused texts that the contract permits")
            continue
        yield from _kept(exchange, texts, exchange)
        if one := _path_of(kit, operation, request, exchange):
            yield from _kept(kit.live("GET", one), texts, exchange)
    if not tried:
        raise NotChecked("no operation of the contract takes a text and answers it")


def _odd(kit: Kit, operation: Operation) -> tuple[Request, dict[str, str]]:
    """Answer a good request with odd texts wherever its schema permits them, and those texts."""
    ids = {name: kit.resources.fresh(kit.live, name) for name in operation.path_values}
    request = kit.samples.request(kit.live, operation, ids=ids)
    good = kit.resources.body(kit.live, operation)
    if operation.body is None or not isinstance(good, dict):
        return request, {}
    members = Mutations(kit.contract.document, operation.body.schema, good).members
    answered = operation.replies[operation.success].members
    texts: dict[str, str] = {}
    for name in members.keys() & answered:
        odd = f"{BEFORE}{kit.mark}{BEHIND}"
        if operation.body.validator.is_valid({**good, name: odd}):
            texts[name] = odd
    return request.with_json({**good, **texts}, operation.body.media_type), texts


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


def _kept(exchange: Exchange, texts: dict[str, str], told: Exchange) -> Iterator[Complaint]:
    for name, text in texts.items():
        seen: Any = exchange.json.get(name)
        if seen != text:
            yield Complaint(f"{name} came back as {seen!r}, not {text!r}", (told, exchange))
