"""What people can see of what keys did: usage, traces, the audit trail."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import AUDIT, CURRENT, KEYS, SITES
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.clocks import patiently
from keyfob_contract.wire.message import Request

STEP_SECONDS = 0.1
MOST_STEPS = 25  # two seconds, and half of one for the way
LONG_AGO, NOT_SO_LONG_AGO = "2001-01-01T00:00:00Z", "2001-01-02T00:00:00Z"
TOO_LONG = 65_536
"""Bytes, with which a body is longer than any may be."""

INVENTED_ADDRESS = "203.0.113.77"
"""Of a range for documentation (RFC 5737)."""


def _used(kit: Kit) -> Key:
    key = kit.keyring.make("counted", scopes=["sites:read"])
    for _ in range(3):
        key.api.must(200, "GET", CURRENT)
    key.api.must(403, "GET", KEYS)
    return key


@check(
    "createApiKey",
    "getApiKeyUsage",
    "getCurrentApiKey",
    "listApiKeys",
    "getApiKey",
    prepare=_used,
)
def usage_is_counted(kit: Kit) -> Iterator[Complaint]:
    """Within two seconds every request is counted once, and lastUsedAt is set."""
    key: Key = kit.prepared["usage_is_counted"]
    expected = {("getCurrentApiKey", 3), ("listApiKeys", 1)}

    def counted(usage: Any) -> set[tuple[str, int]]:
        totals: dict[str, int] = {}
        for counter in usage.get("counters", ()):
            name = str(counter.get("operation"))
            totals[name] = totals.get(name, 0) + int(counter.get("requests", 0))
        return set(totals.items())

    seen = _eventually(kit, f"{KEYS}/{key.id}/usage", lambda usage: counted(usage) == expected)
    if counted(seen.json) != expected:
        yield seen.complaint(f"usage counts {sorted(counted(seen.json))}, not {sorted(expected)}")
    recent = seen.json.get("recent", ())
    if len(recent) != 4:
        yield seen.complaint(f"{len(recent)} of 4 requests are among the latest")
    past = kit.live("GET", f"{KEYS}/{key.id}/usage", since=LONG_AGO, until=NOT_SO_LONG_AGO)
    if past.json.get("counters"):
        yield past.complaint("usage of a time in which there was none")
    view = kit.live("GET", f"{KEYS}/{key.id}")
    if view.json.get("lastUsedAt") is None:
        yield view.complaint("lastUsedAt tells nothing of the use")


def _used_when_dead(kit: Kit) -> Key:
    key = kit.keyring.make("haunted")
    value = kit.keyring.rotate(key)
    key.api("GET", CURRENT)
    kit.keyring.revoke(key)
    key.api.with_value(value)("GET", CURRENT)
    return key


@check(
    "createApiKey",
    "getApiKeyUsage",
    "rotateApiKey",
    "revokeApiKey",
    "getCurrentApiKey",
    prepare=_used_when_dead,
)
def refused_uses_of_dead_values_are_seen(kit: Kit) -> Iterator[Complaint]:
    """Rejected uses of a replaced value and of a revoked key are seen, and told apart."""
    key: Key = kit.prepared["refused_uses_of_dead_values_are_seen"]
    expected = {"API_KEY_ROTATED": 1, "API_KEY_REVOKED": 2}

    def told(usage: Any) -> dict[str, int]:
        recent = usage.get("recent", ())
        return {r.get("code"): r.get("secretVersion") for r in recent if r.get("code") in expected}

    seen = _eventually(kit, f"{KEYS}/{key.id}/usage", lambda usage: told(usage) == expected)
    if told(seen.json) != expected:
        yield seen.complaint(f"the latest requests tell {told(seen.json)}, not {expected}")


TRACED: Sequence[tuple[Request, dict[str, Any]]] = (
    (Request("GET", CURRENT), {"operation": "getCurrentApiKey", "status": 200}),
    (
        Request("GET", KEYS),
        {"operation": "listApiKeys", "status": 403, "code": "SCOPE_INSUFFICIENT"},
    ),
    (Request("GET", "/kit-no-such-path"), {"status": 404, "code": "NOT_FOUND"}),
    (Request("DELETE", KEYS), {"status": 405, "code": "METHOD_NOT_ALLOWED"}),
    (
        Request("POST", KEYS).with_json({"name": "x" * TOO_LONG}),
        {"status": 413, "code": "PAYLOAD_TOO_LARGE"},
    ),
)


def _to_be_traced(kit: Kit) -> tuple[Key, list[Exchange]]:
    key = kit.keyring.make("traced", scopes=["sites:read"])
    forwarded = ("X-Forwarded-For", INVENTED_ADDRESS)
    requests = [*(request for request, _ in TRACED), Request("GET", f"/kit/{key.value}")]
    return key, [key.api.ask(request.with_headers(forwarded)) for request in requests]


@check("getRequest", "createApiKey", "getCurrentApiKey", "listApiKeys", prepare=_to_be_traced)
def requests_can_be_traced(kit: Kit) -> Iterator[Complaint]:
    """A trace tells what became of a request: the key, the operation, status and code."""
    key: Key
    key, exchanges = kit.prepared["requests_can_be_traced"]
    *told, with_a_value = exchanges  # whose trace has to be discreet
    _eventually(kit, _trace_of(with_a_value), lambda body: "requestId" in body)
    for exchange, (request, expected) in zip(told, TRACED, strict=True):
        request_id = exchange.header("x-request-id") or "none"
        trace = _eventually(kit, _trace_of(exchange), lambda body: "requestId" in body)
        if trace.json.get("client") == INVENTED_ADDRESS:
            yield trace.complaint("the trace tells an address that the client made up")
        truth = {"requestId": request_id, "keyId": key.id, **expected}
        told = {name: trace.json.get(name) for name in truth}
        if told != truth:
            what = f"{request.method} {request.path}"
            yield trace.complaint(f"the trace of {what} tells {told}, not {truth}")


@check(
    "listAuditEvents",
    "createApiKey",
    "updateApiKey",
    "rotateApiKey",
    "revokeApiKey",
    "deleteApiKey",
)
def changes_are_audited(kit: Kit) -> Iterator[Complaint]:
    """Every change of a key is an event at once: who, what, and in which request."""
    key = kit.keyring.make("audited")
    path = f"{KEYS}/{key.id}"
    deeds = [
        ("apiKey.updated", kit.live("PATCH", path, {"description": "audited"})),
        ("apiKey.rotated", kit.live("POST", f"{path}/rotate")),
        ("apiKey.revoked", kit.live("POST", f"{path}/revoke")),
        ("apiKey.reactivated", kit.live("POST", f"{path}/reactivate")),
    ]
    kit.live("PATCH", path, {"name": ""})
    deeds.append(("apiKey.revoked", kit.live("POST", f"{path}/revoke")))
    deeds.append(("apiKey.deleted", kit.live("DELETE", path)))
    exchange = kit.live("GET", AUDIT, keyId=key.id, limit=100)
    told = [(e.get("action"), e.get("requestId")) for e in reversed(exchange.json.get("data", []))]
    truth = [(action, deed.header("x-request-id")) for action, deed in deeds]
    if told[1:] != truth or told[0][0] != "apiKey.created":
        yield exchange.complaint(f"the trail tells {[action for action, _ in told]}")
    actors = {e.get("actor", {}).get("id") for e in exchange.json.get("data", [])[:-1]}
    if actors != {kit.runner.id}:
        yield exchange.complaint(f"the trail names {sorted(map(str, actors))} as who did it")
    updated = [e for e in exchange.json.get("data", []) if e.get("action") == "apiKey.updated"]
    sides = [(e["before"].get("description"), e["after"].get("description")) for e in updated]
    if sides != [(None, "audited")]:
        yield exchange.complaint(f"before and after an edit the description was {sides}")
    yield from _filters(kit, key)
    yield from _others_audited(kit)


@check("listAuditEvents", "createApiKey", "rotateApiKey")
def audit_tells_no_secret(kit: Kit) -> Iterator[Complaint]:
    """No event holds a value, nor a part of one, nor a digest."""
    key = kit.keyring.make("discreet")
    value = kit.keyring.rotate(key)
    exchange = kit.live("GET", AUDIT, keyId=key.id)
    text = json.dumps(exchange.json)
    for secret in (key.value, value):
        if secret.partition("_")[2][:12] in text:
            yield exchange.complaint("an event holds a part of a value")
    for event in exchange.json.get("data", []):
        for side in ("before", "after"):
            odd = {
                name
                for name in event.get(side) or {}
                if "igest" in name or name in {"key", "secret"}
            }
            if odd:
                yield exchange.complaint(f"an event tells of {', '.join(sorted(odd))}")


def _others_audited(kit: Kit) -> Iterator[Complaint]:
    site = Request("POST", SITES).with_json({"name": f"{kit.mark} audited"})
    made = kit.live.ask(site.with_headers(("Idempotency-Key", kit.token())))
    kit.resources.adopt(kit.live, kit.contract.by_id["createSite"], made)
    grantor = kit.keyring.make("audited grantor", scopes=["keys:write"])
    refused = grantor.api("POST", KEYS, kit.keyring.body("too much"))
    for action, actor, exchange in (
        ("site.created", kit.runner, made),
        ("escalation.refused", grantor, refused),
    ):
        events = kit.live("GET", AUDIT, action=action, actor=actor.id, limit=20)
        request_ids = {event.get("requestId") for event in events.json.get("data", [])}
        if exchange.header("x-request-id") not in request_ids:
            yield Complaint(f"there is no event {action}", (exchange, events))


def _trace_of(exchange: Exchange) -> str:
    return f"/v1/requests/{exchange.header('x-request-id') or 'none'}"


def _filters(kit: Kit, key: Key) -> Iterator[Complaint]:
    for query, name, value in (
        ({"action": "apiKey.rotated"}, "action", "apiKey.rotated"),
        ({"actor": kit.runner.id}, "actor", kit.runner.id),
    ):
        exchange = kit.live("GET", AUDIT, keyId=key.id, **query)
        events = exchange.json.get("data", [])
        found = {e[name]["id"] if name == "actor" else e[name] for e in events}
        if found != {value}:
            yield exchange.complaint(f"{query} shows events with {sorted(map(str, found))}")


def _eventually(kit: Kit, path: str, done: Callable[[Any], bool]) -> Exchange:
    """Ask until it is there, for as long as the contract gives it."""
    kit.inspector.settle()
    return patiently(
        kit.clock,
        lambda: kit.live("GET", path),
        lambda seen: done(seen.json),
        step_seconds=STEP_SECONDS,
        most_steps=MOST_STEPS,
    )
