"""The audit trail: who changed what, when, and in which request."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from keyfob_contract.checks.observation import eventually
from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.rules.paths import AUDIT, CURRENT, KEYS, SITES
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import items_of
from keyfob_contract.wire.clocks import A_MOMENT
from keyfob_contract.wire.message import Request

USES = 2
CHANGES = (
    "createApiKey",
    "updateApiKey",
    "rotateApiKey",
    "revokeApiKey",
    "reactivateApiKey",
    "deleteApiKey",
)
FACTS = (
    "name",
    "description",
    "scopes",
    "siteIds",
    "rateLimit",
    "hint",
    "secretVersion",
    "expiresAt",
    "revokedAt",
    "revokedReason",
)
"""What events tell of a key."""

DELETED = ("apiKey.deleted", "apiKey.revoked")
EDIT: dict[str, Any] = {
    "description": "audited",
    "rateLimit": {"requests": 77, "windowSeconds": 7},
    "scopes": ["sites:read"],
}


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
        ("apiKey.updated", kit.live("PATCH", path, {**EDIT, "name": key.record["name"]})),
        ("apiKey.rotated", kit.live("POST", f"{path}/rotate")),
        ("apiKey.revoked", kit.live("POST", f"{path}/revoke")),
        ("apiKey.reactivated", kit.live("POST", f"{path}/reactivate")),
    ]
    kit.live("PATCH", path, {"name": ""})
    deeds.append(("apiKey.revoked", kit.live("POST", f"{path}/revoke")))
    worse = kit.live("POST", f"{path}/revoke", {"reason": "compromised"})
    deeds.append(("apiKey.revoked", worse))
    kit.live("POST", f"{path}/revoke")  # changes nothing, so that there is nothing to tell
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
    before = {name: key.record[name] for name in EDIT}
    sides = [(e.get("before"), e.get("after")) for e in updated]
    if sides != [(before, EDIT)]:
        yield exchange.complaint(f"before and after an edit the key is said to have been {sides}")
    yield from _others_audited(kit)


def _audited_use(kit: Kit) -> Key:
    key = kit.keyring.make("with a total")
    for _ in range(USES):
        key.api("GET", CURRENT)
    return key


@check("listAuditEvents", *CHANGES, "getCurrentApiKey", "getApiKeyUsage", prepare=_audited_use)
def events_tell_before_and_after(kit: Kit) -> Iterator[Complaint]:
    """An event tells what differs, all of what is new or gone, and nothing of what was refused."""
    key: Key = kit.prepared["events_tell_before_and_after"]
    path = f"{KEYS}/{key.id}"
    eventually(kit, f"{path}/usage", _has_all_uses)
    stale = Request("PATCH", path).with_json({"name": f"{kit.mark} refused"})
    kit.live.ask(stale.with_headers(("If-Match", '"kit-never"')))
    rotated = kit.live("POST", f"{path}/rotate").json
    first = kit.live("POST", f"{path}/revoke", {"reason": "unused"}).json
    kit.live.ask(stale)
    kit.live("POST", f"{path}/reactivate")
    last = kit.live("POST", f"{path}/revoke").json
    deleted = kit.live("DELETE", path)
    value, end = ("hint", "secretVersion"), ("revokedAt", "revokedReason")
    nothing: dict[str, Any] = dict.fromkeys(end)
    truth = [
        ("apiKey.created", None, _of(key.record, *FACTS)),
        ("apiKey.rotated", _of(key.record, *value), _of(rotated, *value)),
        ("apiKey.revoked", nothing, _of(first, *end)),
        ("apiKey.reactivated", _of(first, *end), nothing),
        ("apiKey.revoked", nothing, _of(last, *end)),
        ("apiKey.deleted", {**_of(last, *FACTS), "requests": USES}, None),
    ]
    trail = kit.live("GET", AUDIT, keyId=key.id, limit=100)
    events = items_of(trail.json)[::-1]
    if [event.get("action") for event in events] != [action for action, *_ in truth]:
        yield Complaint("the trail tells of what was refused, or not of all that was not", (trail,))
        return
    for event, (action, before, after) in zip(events, truth, strict=True):
        if (event.get("before"), event.get("after")) != (before, after):
            yield Complaint(
                f"{action} tells another before or after than there was", (deleted, trail)
            )
        if event.get("target") != {"type": "apiKey", "id": key.id}:
            yield trail.complaint(f"{action} names {event.get('target')} as what it was done to")


@check("listAuditEvents", *CHANGES)
def refused_escalations_are_events_once(kit: Kit) -> Iterator[Complaint]:
    """Whoever reaches beyond his key is in the trail, once an hour, however he did it."""
    outside = kit.keyring.make("beyond the audited")
    path = f"{KEYS}/{outside.id}"
    name = f"{kit.mark} too much"
    for operation, request in (
        ("createApiKey", Request("POST", KEYS).with_json(kit.keyring.body("too much"))),
        ("updateApiKey", Request("PATCH", path).with_json({"name": name})),
        ("rotateApiKey", Request("POST", f"{path}/rotate")),
        ("reactivateApiKey", Request("POST", f"{path}/reactivate")),
    ):
        grantor = kit.keyring.make("audited for reaching beyond", scopes=["keys:write"])
        first, _again = grantor.api.ask(request), grantor.api.ask(request)
        trail = kit.live("GET", AUDIT, actor=grantor.id, action="escalation.refused")
        told = [
            (event.get("requestId"), (event.get("after") or {}).get("operation"))
            for event in items_of(trail.json)
        ]
        if told != [(first.header("x-request-id"), operation)]:
            text = f"of two refused escalations by {operation} the trail tells {told}"
            yield Complaint(text, (first, trail))


@check("listAuditEvents", "createApiKey", "updateApiKey", "rotateApiKey")
def the_trail_agrees_with_its_filters(kit: Kit) -> Iterator[Complaint]:
    """Each filter of the trail leaves just the events that fit it: since a time, and before one."""
    key = kit.keyring.make("filtered trail", kit.live)
    editor = kit.keyring.make("editor").api
    for number in range(2):
        kit.clock.wait(A_MOMENT)
        editor("PATCH", f"{KEYS}/{key.id}", {"description": str(number)})
        kit.clock.wait(A_MOMENT)
        kit.live("POST", f"{KEYS}/{key.id}/rotate")
    whole = items_of(kit.live("GET", AUDIT, keyId=key.id).json)
    for query, fits in _questions(whole):
        exchange = kit.live("GET", AUDIT, keyId=key.id, **query)
        found = [event["id"] for event in items_of(exchange.json)]
        expected = [event["id"] for event in whole if fits(event)]
        if found != expected:
            yield exchange.complaint(f"{query} shows {len(found)} events, {len(expected)} fit")


@check("listAuditEvents", "createApiKey", "deleteApiKey", "createSite")
def a_site_sees_what_became_of_its_keys(kit: Kit) -> Iterator[Complaint]:
    """A site-limited key sees the events of keys of its sites, deleted ones too, and no others."""
    here, there = (kit.resources.one(kit.live, "siteId", number) for number in (0, 1))
    reader = kit.keyring.make("reader of a site", siteIds=[here]).api
    for site, seen in ((here, True), (there, False)):
        key = kit.keyring.make("of a site", siteIds=[there if seen else here])
        kit.live.must(200, "PATCH", f"{KEYS}/{key.id}", {"siteIds": [site]})
        for is_deleted in (False, True):  # its last sites decide
            if is_deleted:
                kit.keyring.delete(key)
            exchange = reader("GET", AUDIT, keyId=key.id)
            actions = [event["action"] for event in items_of(exchange.json)]
            expected = [*DELETED * is_deleted, "apiKey.updated", "apiKey.created"] * seen
            if actions != expected:
                yield exchange.complaint(
                    f"of a key of {'its' if seen else 'another'} site {actions} are seen"
                )
    others = reader("GET", AUDIT, action="site.created")
    if items_of(others.json):
        yield others.complaint("a site-limited key sees events that are not about keys")


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


def _of(key: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: key.get(name) for name in names}


def _has_all_uses(usage: Any) -> bool:
    return sum(counter.get("requests", 0) for counter in usage.get("counters", ())) >= USES


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
        told = {event.get("requestId"): event for event in events.json.get("data", [])}
        event = told.get(exchange.header("x-request-id"))
        if event is None:
            yield Complaint(f"there is no event {action}", (exchange, events))
        elif action == "site.created":
            sides = (event.get("before"), event.get("after"))
            if sides != (None, _of(made.json, "name", "address")):
                yield Complaint(f"{action} tells another site than was made", (exchange, events))


def _questions(
    whole: list[dict[str, Any]],
) -> Iterator[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]]:
    """Answer filters, and what fits each."""
    for name in {str(event["action"]) for event in whole}:
        yield {"action": name}, lambda event, name=name: event["action"] == name
    for actor in {str(event["actor"]["id"]) for event in whole}:
        yield {"actor": actor}, lambda event, actor=actor: event["actor"]["id"] == actor
    at = str(whole[len(whole) // 2]["at"])
    yield {"since": at}, lambda event: event["at"] >= at
    yield {"until": at}, lambda event: event["at"] < at
    yield (
        {"since": at, "action": "apiKey.rotated"},
        lambda event: event["at"] >= at and event["action"] == "apiKey.rotated",
    )
