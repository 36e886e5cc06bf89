"""Nobody grants more than he holds: scopes, sites, and time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import KEYS
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import changes

HELD = ["keys:read", "keys:write", "visitors:read"]
LIFETIME = timedelta(days=30)


@check("createApiKey")
def nobody_creates_more_than_it_holds(kit: Kit) -> Iterator[Complaint]:
    """A key creates only keys whose scopes, sites and expiry lie within its own."""
    grantor = _grantor(kit)
    for member, beyond in _beyond(grantor):
        body = kit.keyring.body("beyond", **(_within(grantor) | beyond))
        exchange = grantor.api("POST", KEYS, body)
        yield from _not_refused(exchange, member, "created")
    endless = kit.keyring.body("endless", **_within(grantor))
    del endless["expiresAt"]
    yield from _not_refused(grantor.api("POST", KEYS, endless), "expiresAt", "created")
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
    for member, beyond in _beyond(grantor):
        exchange = grantor.api("PATCH", f"{KEYS}/{inside.id}", beyond)
        yield from _not_refused(exchange, member, "edited to hold")
    for member, outside in beyond_it:
        exchange = grantor.api("PATCH", f"{KEYS}/{outside.id}", {"name": f"{kit.mark} renamed"})
        yield from _not_refused(exchange, member, "edited, though it held,")
    for change in changes(before, kit.state()):
        yield Complaint(f"a refused escalation had an effect: {change}")


@check("createApiKey", "rotateApiKey")
def nobody_rotates_beyond_what_it_holds(kit: Kit) -> Iterator[Complaint]:
    """A key rotates only keys that lie within its own: rotation hands out the value."""
    grantor = _grantor(kit)
    for member, outside in _outside(kit, grantor):
        exchange = grantor.api("POST", f"{KEYS}/{outside.id}/rotate")
        yield from _not_refused(exchange, member, "rotated, though it held,")


@check("createApiKey", "reactivateApiKey", "revokeApiKey")
def nobody_reactivates_beyond_what_it_holds(kit: Kit) -> Iterator[Complaint]:
    """A key reactivates only keys that lie within its own."""
    grantor = _grantor(kit)
    for member, outside in _outside(kit, grantor):
        kit.keyring.revoke(outside)
        exchange = grantor.api("POST", f"{KEYS}/{outside.id}/reactivate")
        yield from _not_refused(exchange, member, "reactivated, though it held,")


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


def _beyond(grantor: Key) -> Iterator[tuple[str, dict[str, Any]]]:
    ends = datetime.fromisoformat(grantor.record["expiresAt"])
    later = (ends + timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
    yield "scopes", {"scopes": ["keys:read", "audit:read"]}
    yield "siteIds", {"siteIds": ["*"]}
    yield "expiresAt", {"expiresAt": later}
    yield "expiresAt", {"expiresAt": None}


def _outside(kit: Kit, grantor: Key) -> Iterator[tuple[str, Key]]:
    """Make keys that the grantor meets, each of which holds one thing more than it does.

    One for more sites than the grantor's would be absent to it.
    """
    within = _within(grantor)
    for member, beyond in _beyond(grantor):
        if member != "siteIds":
            yield member, kit.keyring.make("outside", **(within | beyond))


def _not_refused(exchange: Exchange, member: str, deed: str) -> Iterator[Complaint]:
    if exchange.answer != (403, "SCOPE_ESCALATION"):
        yield exchange.complaint(
            f"a key was {deed} more than the caller holds ({member}): {exchange.answered}"
        )
    elif set(exchange.error_member("/error/details") or {}) != {member}:
        yield exchange.complaint(f"details do not name just what was too much: {member}")
