"""Nobody grants more than he holds: scopes, sites, and time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import CURRENT, KEYS
from keyfob_contract.run.api import Api
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import VisibleState, changes

HELD = ["keys:read", "keys:write", "visitors:read"]
NOT_HELD = "audit:read"
LIFETIME = timedelta(days=30)


@check("createApiKey")
def nobody_creates_more_than_it_holds(kit: Kit) -> Iterator[Complaint]:
    """A key creates only keys whose scopes, sites and expiry lie within its own."""
    grantor = _grantor(kit)
    before = kit.state()
    for beyond in _beyond(grantor):
        body = kit.keyring.body("beyond", **(_within(grantor) | beyond))
        exchange = grantor.api("POST", KEYS, body)
        yield from _not_refused(exchange, beyond, "created")
    endless = kit.keyring.body("endless", **_within(grantor))
    del endless["expiresAt"]
    exchange = grantor.api("POST", KEYS, endless)
    yield from _not_refused(exchange, {"expiresAt": None}, "created")
    yield from _effects(before, kit)
    exchange = grantor.api("POST", KEYS, kit.keyring.body("within", **_within(grantor)))
    if exchange.status != 201:
        yield exchange.complaint(f"a grant within what the key holds was {exchange.status}")


@check("createApiKey", "updateApiKey")
def nobody_edits_beyond_what_it_holds(kit: Kit) -> Iterator[Complaint]:
    """A key edits only keys that lie within its own, before and after."""
    grantor = _grantor(kit)
    inside = kit.keyring.make("inside", **_within(grantor))
    beyond_it = list(_outside(kit, grantor))
    before = kit.state()
    for beyond in _beyond(grantor):
        exchange = grantor.api("PATCH", f"{KEYS}/{inside.id}", beyond)
        yield from _not_refused(exchange, beyond, "edited to hold")
    for beyond, outside in beyond_it:
        exchange = grantor.api("PATCH", f"{KEYS}/{outside.id}", {"name": f"{kit.mark} renamed"})
        yield from _not_refused(exchange, beyond, "edited, though it held,")
        narrowed = {name: _within(grantor)[name] for name in beyond}
        exchange = grantor.api("PATCH", f"{KEYS}/{outside.id}", narrowed)
        yield from _not_refused(exchange, beyond, "narrowed, though it held,")
    yield from _effects(before, kit)


@check("createApiKey", "rotateApiKey", "revokeApiKey")
def nobody_rotates_beyond_what_it_holds(kit: Kit) -> Iterator[Complaint]:
    """A key rotates only keys that lie within its own, in any state: it would get the value."""
    grantor = _grantor(kit)
    beyond_it = list(_outside(kit, grantor))
    kit.keyring.revoke(beyond_it[-1][1])
    before = kit.state()
    for beyond, outside in beyond_it:
        exchange = grantor.api("POST", f"{KEYS}/{outside.id}/rotate")
        yield from _not_refused(exchange, beyond, "rotated, though it held,")
    yield from _effects(before, kit)


@check("createApiKey", "reactivateApiKey", "revokeApiKey")
def nobody_reactivates_beyond_what_it_holds(kit: Kit) -> Iterator[Complaint]:
    """A key reactivates only keys that lie within its own, whatever state they are in."""
    grantor = _grantor(kit)
    beyond_it = list(_outside(kit, grantor))
    for _, outside in beyond_it[1:]:
        kit.keyring.revoke(outside)
    before = kit.state()
    for beyond, outside in beyond_it:
        exchange = grantor.api("POST", f"{KEYS}/{outside.id}/reactivate")
        yield from _not_refused(exchange, beyond, "reactivated, though it held,")
    yield from _effects(before, kit)


@check("createApiKey", "updateApiKey", "rotateApiKey", "revokeApiKey", "getCurrentApiKey")
def nobody_widens_itself(kit: Kit) -> Iterator[Complaint]:
    """A key raises its own limit, rotates and revokes itself, and never holds more than before."""
    myself = _grantor(kit)
    path = f"{KEYS}/{myself.id}"
    for beyond in _beyond(myself):
        exchange = myself.api("PATCH", path, beyond)
        yield from _not_refused(exchange, beyond, "edited, by itself, to hold")
    limit = {"requests": 1000, "windowSeconds": 10}
    raised = myself.api("PATCH", path, {"rateLimit": limit})
    seen = myself.api("GET", CURRENT)
    shown = {name: seen.json.get(name) for name in ("scopes", "siteIds", "expiresAt")}
    if shown != {name: myself.record[name] for name in shown}:
        yield seen.complaint("a key has made itself another")
    if raised.status != 200 or seen.json.get("rateLimit") != limit:
        yield raised.complaint("a key with keys:write could not raise its own limit")
    rotated = myself.api("POST", f"{path}/rotate")
    yield from _dead_by_itself(myself.api, rotated, "rotated", "API_KEY_ROTATED")
    again = myself.api.with_value(str(rotated.json.get("key")))
    revoked = again("POST", f"{path}/revoke")
    yield from _dead_by_itself(again, revoked, "revoked", "API_KEY_REVOKED")


@check("createApiKey", "revokeApiKey", "deleteApiKey")
def revoking_takes_no_more_than_its_scope(kit: Kit) -> Iterator[Complaint]:
    """To revoke or delete a key takes keys:write, whatever that key holds."""
    grantor = _grantor(kit, every_site=True)
    outside = kit.keyring.make("outside")
    for method, path in (
        ("POST", f"{KEYS}/{outside.id}/revoke"),
        ("DELETE", f"{KEYS}/{outside.id}"),
    ):
        exchange = grantor.api(method, path)
        if exchange.status not in {200, 204}:
            yield exchange.complaint(f"{method} {path} took more than keys:write")


def _grantor(kit: Kit, *, every_site: bool = False) -> Key:
    """Make a key with a few scopes, two sites (or all), and an end."""
    sites = [kit.resources.one(kit.live, "siteId", number) for number in (0, 1)]
    made_at = datetime.fromisoformat(str(kit.runner.record["createdAt"]))
    ends = (made_at + LIFETIME).isoformat(timespec="milliseconds")
    held: dict[str, Any] = {"scopes": HELD, "siteIds": ["*"] if every_site else sites}
    return kit.keyring.make("grantor", expiresAt=ends, **held)


def _within(grantor: Key) -> dict[str, Any]:
    return {
        "scopes": HELD[:2],
        "siteIds": grantor.record["siteIds"][:1],
        "expiresAt": grantor.record["expiresAt"],
    }


def _beyond(grantor: Key) -> Iterator[dict[str, Any]]:
    """Answer members that are too much for the grantor: by one thing each, and all at once."""
    ends = datetime.fromisoformat(grantor.record["expiresAt"])
    later = (ends + timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
    scopes = {"scopes": ["keys:read", NOT_HELD]}
    yield scopes
    yield {"siteIds": ["*"]}
    yield {"expiresAt": later}
    yield {**scopes, "siteIds": ["*"], "expiresAt": later}
    yield {"expiresAt": None}


def _outside(kit: Kit, grantor: Key) -> Iterator[tuple[dict[str, Any], Key]]:
    """Make keys that the grantor meets, each of which holds one thing more than it does.

    One for more sites than the grantor's would be absent to it.
    """
    within = _within(grantor)
    for beyond in _beyond(grantor):
        if "siteIds" not in beyond:
            yield beyond, kit.keyring.make("outside", **(within | beyond))


def _not_refused(exchange: Exchange, beyond: dict[str, Any], deed: str) -> Iterator[Complaint]:
    members = ", ".join(beyond)
    if exchange.answer != (403, "SCOPE_ESCALATION"):
        yield exchange.complaint(
            f"a key was {deed} more than the caller holds ({members}): {exchange.answered}"
        )
        return
    told = exchange.error_member("/error/details") or {}
    excess = {"scopes": [NOT_HELD]} if "scopes" in beyond else {}
    if _in_utc(told) != _in_utc(beyond | excess):
        yield exchange.complaint(f"details do not name just what was too much: {members}")


def _in_utc(details: dict[str, Any]) -> dict[str, Any]:
    at = details.get("expiresAt")
    return {**details, "expiresAt": datetime.fromisoformat(at)} if at else details


def _effects(before: VisibleState, kit: Kit) -> Iterator[Complaint]:
    for change in changes(before, kit.state()):
        yield Complaint(f"a refused escalation had an effect: {change}")


def _dead_by_itself(api: Api, exchange: Exchange, deed: str, code: str) -> Iterator[Complaint]:
    used = api("GET", CURRENT)
    if exchange.status != 200:
        yield exchange.complaint(f"a key could not be {deed} by itself: {exchange.answered}")
    elif used.answer != (401, code):
        yield Complaint(f"a key lived on when it had {deed} itself", (exchange, used))
