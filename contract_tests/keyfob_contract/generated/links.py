"""What a reply says may be asked next (OpenAPI, section "Link Object"), as requests."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote

from keyfob_contract.rules.exchange import NOTHING, Exchange, at_pointer
from keyfob_contract.rules.expectation import named_values
from keyfob_contract.rules.spec import LinkRule, Operation, segments_of
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.resources import IN_BODY
from keyfob_contract.wire.message import Request


def followed(kit: Kit, exchange: Exchange) -> Iterator[tuple[LinkRule, Request]]:
    """Answer each link of a reply that leads on, with the request that follows it.

    Raises:
        LookupError, Unexpected: there is no way to make what else it needs.
    """
    rule = exchange.documented
    for link in rule.links if rule else ():
        target = kit.contract.by_id.get(link.operation_id)
        given = {name: value_of(text, exchange) for name, text in link.parameters.items()}
        if target is not None and all(each not in (NOTHING, None) for each in given.values()):
            yield link, _request(kit, target, link, given, exchange)


def next_page_pointer(operation: Operation, parameter: str) -> str | None:
    """Answer where in its reply a list has the value of a parameter for its next page."""
    rule = operation.replies.get(operation.success)
    for link in rule.links if rule else ():
        text = str(link.parameters.get(parameter, ""))
        if link.operation_id == operation.id and text.startswith(IN_BODY):
            return text.removeprefix(IN_BODY)
    return None


def _request(
    kit: Kit, target: Operation, link: LinkRule, given: dict[str, Any], exchange: Exchange
) -> Request:
    plain = {name.rpartition(".")[2]: str(value) for name, value in given.items()}
    if target == exchange.expected.operation:  # another page of the same list, with its filters
        request = replace(exchange.request, headers=())
    else:
        ids = {name: value for name, value in plain.items() if name in target.path_values}
        request = kit.samples.request(kit.live, target, ids=ids)
    if link.body is not None:
        request = request.with_json(value_of(link.body, exchange))
    return _with_query(request, {n: v for n, v in plain.items() if n in target.query})


def _with_query(request: Request, given: dict[str, str]) -> Request:
    kept = [pair for pair in request.query.split("&") if pair.partition("=")[0] not in given]
    pairs = [*filter(None, kept), *(f"{name}={quote(v, safe='')}" for name, v in given.items())]
    return replace(request, target=request.path + ("?" + "&".join(pairs) if pairs else ""))


def value_of(expression: Any, exchange: Exchange) -> Any:
    """Answer what a runtime expression stands for: what is none stands for itself."""
    if not isinstance(expression, str) or not expression.startswith("$"):
        return expression
    request, reply = exchange.request, exchange.reply
    operation = exchange.expected.operation
    template = operation.template if operation else ()
    place, _, pointer = expression.partition("#")
    source, _, name = place.rpartition(".")
    known: dict[str, Any] = {
        "$request.path": named_values(template, segments_of(request.path)) or {},
        "$request.query": dict(parse_qsl(request.query)),
        "$request.header": {n.lower(): value for n, value in request.headers},
        "$response.header": dict(reply.headers),
    }
    bodies = {"$request.body": _json_of(request.body), "$response.body": exchange.json}
    if place in bodies:
        return at_pointer(bodies[place], pointer)
    wanted = name.lower() if source.endswith("header") else name
    return known.get(source, {}).get(wanted, NOTHING)


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
