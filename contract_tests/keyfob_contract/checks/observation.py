"""What people can see of how keys are used: counters, the latest requests, advice."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import AUTHORIZE, CURRENT, KEYS
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import items_of
from keyfob_contract.wire.clocks import patiently
from keyfob_contract.wire.message import Request

STEP_SECONDS = 0.1
MOST_STEPS = 25  # two seconds, and half of one for the way
LONG_AGO, NOT_SO_LONG_AGO = "2001-01-01T00:00:00Z", "2001-01-02T00:00:00Z"


def _used(kit: Kit) -> tuple[Key, Key]:
    key = kit.keyring.make("counted", scopes=["sites:read"])
    for _ in range(3):
        key.api.must(200, "GET", CURRENT)
    key.api.must(403, "GET", KEYS)
    key.api.must(200, "GET", AUTHORIZE, scope="sites:read")
    verify = kit.contract.by_id["verifyApiKey"].path
    kit.live.must(200, "POST", verify, {"key": key.value, "scope": "keys:read"})
    refused = kit.keyring.make("used in vain", scopes=["sites:read"])
    refused.api.must(403, "GET", KEYS)
    return key, refused


@check(
    "createApiKey",
    "getApiKeyUsage",
    "getCurrentApiKey",
    "listApiKeys",
    "getApiKey",
    "authorize",
    "verifyApiKey",
    prepare=_used,
)
def usage_is_counted(kit: Kit) -> Iterator[Complaint]:
    """Within two seconds every request is counted once, and lastUsedAt is set."""
    key: Key
    refused: Key
    key, refused = kit.prepared["usage_is_counted"]
    expected = Counter(
        {
            ("getCurrentApiKey", None, "OK"): 3,
            ("listApiKeys", None, "SCOPE_INSUFFICIENT"): 1,
            ("authorize", "sites:read", "OK"): 1,
            ("verifyApiKey", "keys:read", "SCOPE_INSUFFICIENT"): 1,
        }
    )

    def counted(usage: Any) -> Counter[tuple[Any, ...]]:
        totals: Counter[tuple[Any, ...]] = Counter()
        for counter in usage.get("counters", ()):
            kind = tuple(counter.get(name) for name in ("operation", "scope", "outcome"))
            totals[kind] += counter.get("requests", 0)
        return totals

    seen = eventually(kit, f"{KEYS}/{key.id}/usage", lambda usage: counted(usage) == expected)
    if counted(seen.json) != expected:
        yield seen.complaint(f"usage counts {dict(counted(seen.json))}, not {dict(expected)}")
    recent = seen.json.get("recent", ())
    if len(recent) != expected.total():
        yield seen.complaint(f"{len(recent)} of {expected.total()} requests are among the latest")
    if any(not str(c.get("hour")).endswith(":00:00.000Z") for c in seen.json.get("counters", ())):
        yield seen.complaint("a counter is of another time than a whole hour")
    past = kit.live("GET", f"{KEYS}/{key.id}/usage", since=LONG_AGO, until=NOT_SO_LONG_AGO)
    if past.json.get("counters"):
        yield past.complaint("usage of a time in which there was none")
    for each in (key, refused):
        view = eventually(kit, f"{KEYS}/{each.id}", lambda body: body.get("lastUsedAt"))
        if view.json.get("lastUsedAt") is None:
            yield view.complaint("lastUsedAt tells nothing of the use")
        listed = kit.live("GET", KEYS, q=str(each.record["name"]))
        shown = [i.get("lastUsedAt") for i in items_of(listed.json) if i.get("id") == each.id]
        if shown != [view.json.get("lastUsedAt")]:
            yield Complaint("the list tells another lastUsedAt than the key", (view, listed))


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

    seen = eventually(kit, f"{KEYS}/{key.id}/usage", lambda usage: told(usage) == expected)
    if told(seen.json) != expected:
        what = "the latest requests of dead values tell as codes and secretVersions"
        yield seen.complaint(f"{what} {told(seen.json)}, not {expected}")
    view = kit.live("GET", f"{KEYS}/{key.id}")
    if view.json.get("lastUsedAt") is not None:
        yield view.complaint("a key counts as used of which only dead values were sent")


def _carelessly_used(kit: Kit) -> tuple[Key, Key, Key]:
    made_at = datetime.fromisoformat(str(kit.runner.record["createdAt"]))
    soon, late = ((made_at + timedelta(days=days)).isoformat() for days in (10, 15))
    key = kit.keyring.make("carelessly used", expiresAt=soon)
    value = kit.keyring.rotate(key)
    key.api("GET", CURRENT)
    for product in ("kit-one/1.0", "kit-another/2.0"):
        agent = ("User-Agent", product)
        key.api.with_value(value).ask(Request("GET", CURRENT).with_headers(agent))
    careful = kit.keyring.make("carefully used", expiresAt=late)
    for version in ("kit-one/1.0", "kit-one/1.1 (another host)"):
        careful.api.ask(Request("GET", CURRENT).with_headers(("User-Agent", version)))
    revoked = kit.keyring.make("used when revoked")
    kit.keyring.revoke(revoked)
    revoked.api("GET", CURRENT)
    return key, careful, revoked


@check("createApiKey", "rotateApiKey", "getApiKey", "getCurrentApiKey", prepare=_carelessly_used)
def advice_is_given(kit: Kit) -> Iterator[Complaint]:
    """A key is advised about its end, about who shares it and about dead values; others are not."""
    careless: Key
    careful: Key
    revoked: Key
    careless, careful, revoked = kit.prepared["advice_is_given"]
    expected = {"EXPIRES_SOON", "SHARED_KEY", "DEAD_VALUE_IN_USE"}
    seen = eventually(kit, f"{KEYS}/{careless.id}", lambda key: _advised(key) == expected)
    if _advised(seen.json) != expected:
        yield seen.complaint(f"the advice is {sorted(_advised(seen.json))}, not {sorted(expected)}")
    yield from _facts(seen, "EXPIRES_SOON", expiresAt=seen.json.get("expiresAt"))
    yield from _facts(seen, "SHARED_KEY", userAgents=["kit-another", "kit-one"])
    yield from _facts(seen, "DEAD_VALUE_IN_USE", code="API_KEY_ROTATED")
    seen = eventually(kit, f"{KEYS}/{revoked.id}", _advised)
    yield from _facts(seen, "DEAD_VALUE_IN_USE", code="API_KEY_REVOKED")
    seen = kit.live("GET", f"{KEYS}/{careful.id}")
    if _advised(seen.json):
        yield seen.complaint(f"a careful use is advised {sorted(_advised(seen.json))}")


def _facts(seen: Exchange, advice: str, /, **facts: Any) -> Iterator[Complaint]:
    """Hold the facts that are told behind an advice against the truth."""
    given = [each for each in seen.json.get("advisories", ()) if each.get("code") == advice]
    details = {name: each.get("details", {}).get(name) for each in given for name in facts}
    if details != facts:
        yield seen.complaint(f"the facts behind {advice} are {details}, not {facts}")


def _advised(key: Any) -> set[str]:
    return {str(advisory.get("code")) for advisory in key.get("advisories", ())}


def eventually(kit: Kit, path: str, done: Callable[[Any], object]) -> Exchange:
    """Ask until it is there, for as long as the contract gives it."""
    kit.inspector.settle()
    return patiently(
        kit.clock,
        lambda: kit.live("GET", path),
        lambda seen: bool(done(seen.json)),
        step_seconds=STEP_SECONDS,
        most_steps=MOST_STEPS,
    )
