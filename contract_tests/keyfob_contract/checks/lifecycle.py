"""The life of a key, by the state table and beyond it, step by step."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from keyfob_contract.checks.registry import check
from keyfob_contract.checks.state_table import (
    FROM_ACTIVE,
    FROM_EXPIRED,
    FROM_EXPIRED_TO_DELETED,
    IS_GONE,
    WORKS,
    Step,
)
from keyfob_contract.rules.exchange import Answer, Complaint, Exchange, spelt
from keyfob_contract.rules.paths import AUDIT, CURRENT, KEYS
from keyfob_contract.run.api import described
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.clocks import A_MOMENT

ELSEWHERE = timezone(timedelta(hours=5, minutes=30))
TABLE = ("createApiKey", "getApiKey", "updateApiKey", "rotateApiKey", "revokeApiKey")
WHOLE_TABLE = (*TABLE, "reactivateApiKey", "deleteApiKey", "getApiKeyUsage", "getCurrentApiKey")
MOST_ALIKE = 12
"""Characters, the prefix among them, that two random values begin with alike."""

NEVER_CHANGES = ("id", "organizationId", "createdAt", "createdBy")


@check(*WHOLE_TABLE)
def the_state_table_holds(kit: Kit) -> Iterator[Complaint]:
    """In every state of a key every action answers, and leaves it, as the state table says."""
    yield from _story(kit, kit.keyring.make("table"), FROM_ACTIVE)
    yield from _story(kit, kit.dead.expired_key(), FROM_EXPIRED)
    yield from _story(kit, kit.dead.expired_key(), FROM_EXPIRED_TO_DELETED)
    yield from _replaced_and_expired(kit)
    yield from _revoked_again(kit)
    yield from _neighbours_live_on(kit)


@check(*TABLE)
def new_keys_are_as_they_were_asked_for(kit: Kit) -> Iterator[Complaint]:
    """A new key has what was asked for and the defaults for the rest, and is there to be seen."""
    site = kit.resources.one(kit.live, "siteId")
    asked = {
        "name": f"{kit.mark} as asked for",
        "description": "what for",
        "scopes": ["sites:read", "keys:read"],
        "siteIds": [site],
        "expiresAt": _in_a_year(kit),
    }
    defaults = {"status": "active", "secretVersion": 1, "rotatedAt": None, "revokedAt": None}
    defaults |= {"rateLimit": {"requests": 600, "windowSeconds": 60}}
    body = kit.keyring.body("as asked for", **asked)
    del body["rateLimit"]
    made = kit.live("POST", KEYS, body)
    if made.status != 201:
        yield made.complaint(f"a good creation was answered {made.status}")
        return
    path = f"{KEYS}/{made.json['id']}"
    seen = kit.live("GET", path)
    for exchange in (made, seen):
        yield from _shown(exchange, asked | defaults)
    if made.header("location") != path:
        yield made.complaint(f"Location is {made.header('location')}, not {path}")
    if {**made.json, "key": None} != {**seen.json, "key": None}:
        yield Complaint("the key is another than its creation answered", (made, seen))
    yield from _one_tag(kit, made, seen)
    page = kit.live("GET", KEYS, q=asked["name"])
    if [key.get("id") for key in page.json.get("data", ())] != [made.json["id"]]:
        yield page.complaint("a creation made more, or less, than one key")


@check(*TABLE)
def edits_change_what_they_name(kit: Kit) -> Iterator[Complaint]:
    """An edit changes the members that it names and no other, never the value, and lasts."""
    key = kit.keyring.make("edited")
    site = kit.resources.one(kit.live, "siteId")
    edits: Sequence[dict[str, Any]] = (
        {"name": f"{kit.mark} renamed"},
        {"description": "words"},
        {"expiresAt": _in_a_year(kit)},
        {"expiresAt": None},
        {"description": None},
        {"rateLimit": {"requests": 1000, "windowSeconds": 10}},
        {"rateLimit": {"requests": 2000}},
        {"scopes": ["keys:read", "sites:read"]},
        {"siteIds": [site]},
        {"rateLimit": None},
    )
    default = {"requests": 600, "windowSeconds": 60}
    before = kit.live("GET", f"{KEYS}/{key.id}").json
    for edit in edits:
        kit.clock.wait(A_MOMENT)
        answer = kit.live("PATCH", f"{KEYS}/{key.id}", edit)
        seen = kit.live("GET", f"{KEYS}/{key.id}")
        expected = {**before, **edit}
        if "rateLimit" in edit:
            limit = edit["rateLimit"]
            expected["rateLimit"] = default if limit is None else {**before["rateLimit"], **limit}
        for exchange in (answer, seen):
            yield from _shown(exchange, {**expected, "updatedAt": seen.json.get("updatedAt")})
        if seen.json.get("updatedAt", "") <= before["updatedAt"]:
            yield Complaint("an edited key does not tell when it was edited", (answer, seen))
        before = seen.json
    yield from _use(kit, key.value, WORKS, "the value of an edited key")


@check(*TABLE)
def edits_that_change_nothing_leave_no_trace(kit: Kit) -> Iterator[Complaint]:
    """An edit that changes nothing answers 200, and neither the key nor its tag is another."""
    key = kit.keyring.make("unchanged")
    before = kit.live("GET", f"{KEYS}/{key.id}")
    same = {"name": key.record["name"], "scopes": key.record["scopes"][::-1]}
    answer = kit.live("PATCH", f"{KEYS}/{key.id}", same)
    after = kit.live("GET", f"{KEYS}/{key.id}")
    if answer.status != 200:
        yield answer.complaint(f"an edit that changes nothing was answered {answer.status}")
    if (before.json, before.header("etag")) != (after.json, after.header("etag")):
        yield Complaint("an edit that changes nothing changed something", (before, answer, after))
    if "listAuditEvents" in kit.contract.by_id:
        events = kit.live("GET", AUDIT, keyId=key.id)
        if len(events.json["data"]) != 1:
            yield events.complaint("an edit that changes nothing was audited")


@check(*TABLE)
def rotation_keeps_all_but_the_value(kit: Kit) -> Iterator[Complaint]:
    """Rotation hands out another value, the old one is dead, and the key stays what it is."""
    key = kit.keyring.make("rotated on", description="kept", siteIds=["*"])
    before = kit.live("GET", f"{KEYS}/{key.id}").json
    lasts = _between(before, "createdAt", "rotationDueAt")
    values = [key.value]
    for version in (2, 3):
        kit.clock.wait(A_MOMENT)
        answer = kit.live("POST", f"{KEYS}/{key.id}/rotate")
        if (answer.json.get("rotatedAt") or "") <= before["createdAt"]:
            yield answer.complaint("a rotated key does not tell when it was rotated")
        if _between(answer.json, "rotatedAt", "rotationDueAt") != lasts:
            yield answer.complaint("the next rotation is not due as long after this one")
        value = str(answer.json.get("key"))
        if value in values:
            yield answer.complaint("a rotation handed out a value that was there before")
        if value.startswith(values[-1][: MOST_ALIKE + 1]):
            yield answer.complaint("a rotation handed out a value like the one before")
        values.append(value)
        kept = {name: before[name] for name in (*NEVER_CHANGES, "name", "description", "scopes")}
        hint = f"{value.partition('_')[0]}_…{value[-4:]}"
        yield from _shown(answer, {**kept, "secretVersion": version, "hint": hint})
        for old in values[:-1]:
            yield from _use(kit, old, (401, "API_KEY_ROTATED"), "a replaced value")
        yield from _use(kit, value, WORKS, "the new value")


@check("createApiKey", "revokeApiKey", "deleteApiKey", "getCurrentApiKey", "listApiKeys")
def deletion_is_for_ever(kit: Kit) -> Iterator[Complaint]:
    """A deleted key is in no list, and none of its values works or is known any more."""
    key = kit.keyring.make("deleted for ever")
    new_value = kit.keyring.rotate(key)
    kit.keyring.delete(key)
    for value in (key.value, new_value):
        yield from _use(kit, value, IS_GONE, "the value of a deleted key")
    page = kit.live("GET", KEYS, q=str(key.record["name"]))
    if key.id in {item["id"] for item in page.json["data"]}:
        yield page.complaint("a deleted key is in the list")


def _one_tag(kit: Kit, made: Exchange, seen: Exchange) -> Iterator[Complaint]:
    """Hold the tags of a new key against each other, and edit it with the first one."""
    key = kit.keyring.adopt(made, kit.live)
    own = key.api("GET", CURRENT)
    tags = {each.header("etag") for each in (made, seen, own)}
    if len(tags) != 1:
        yield Complaint(f"a new key has the tags {sorted(map(str, tags))}", (made, seen, own))
    edit = described("PATCH", f"{KEYS}/{key.id}", {"description": "edited"})
    edited = kit.live.ask(edit.with_headers(("If-Match", made.header("etag") or "*")))
    if edited.status != 200:
        yield Complaint(f"the tag of a new key was answered {edited.answered}", (made, edited))


def _story(kit: Kit, key: Key, steps: Sequence[Step]) -> Iterator[Complaint]:
    value = key.value
    replaced: str | None = None
    told: list[Exchange] = []
    for step in steps:
        exchange = _act(kit, key, step)
        told.append(exchange)
        if exchange.answer != step.expected:
            text = f"{step.action}: {exchange.answered}, not {spelt(step.expected)}"
            yield exchange.complaint(text).with_story(told)
            return
        if step.action == "rotate" and exchange.status == 200:
            replaced, value = value, str(exchange.json.get("key"))
        gone = step.use is IS_GONE
        seen = kit.live("GET", f"{KEYS}/{key.id}")
        if not gone:
            for complaint in _shown(seen, step.shown):
                yield complaint.with_story([*told, seen])
        elif seen.status != 404:
            yield seen.complaint("a deleted key can be viewed").with_story([*told, seen])
        yield from _use(kit, value, step.use, f"the current value after {step.action}")
        if replaced is not None:
            expected = IS_GONE if gone else (401, "API_KEY_ROTATED")
            yield from _use(kit, replaced, expected, f"the replaced value after {step.action}")


def _replaced_and_expired(kit: Kit) -> Iterator[Complaint]:
    """Use the replaced value of a key that has expired by now: all others have, made with it."""
    key = kit.dead.rotated
    if key is not None and kit.live("GET", f"{KEYS}/{key.id}").json.get("status") == "expired":
        what = "the replaced value of an expired key"
        yield from _use(kit, key.value, (401, "API_KEY_ROTATED"), what)


def _neighbours_live_on(kit: Kit) -> Iterator[Complaint]:
    keys: list[Key] = []
    for number in range(3):
        kit.clock.wait(A_MOMENT)
        keys.append(kit.keyring.make(f"neighbour {number}"))
    before, key, after = keys
    kit.clock.wait(A_MOMENT)
    kit.keyring.revoke(key)
    seen = kit.live("GET", f"{KEYS}/{key.id}")
    if (seen.json.get("revokedAt") or "") <= seen.json.get("createdAt", ""):
        yield seen.complaint("a revoked key does not tell when it was revoked")
    for neighbour in (before, after):
        yield from _use(kit, neighbour.value, WORKS, "the neighbour of a revoked key")


def _revoked_again(kit: Kit) -> Iterator[Complaint]:
    key = kit.keyring.make("revoked twice")
    kit.keyring.revoke(key, {"reason": "unused"})
    first = kit.live("GET", f"{KEYS}/{key.id}")
    worse = {"revokedReason", "updatedAt", "ETag"}
    for reason, may_change in (("temporary", set[str]()), ("compromised", worse), ("other", set())):
        kit.clock.wait(A_MOMENT)
        again = kit.live("POST", f"{KEYS}/{key.id}/revoke", {"reason": reason})
        members = first.json.keys() | again.json.keys()
        differing = {name for name in members if first.json.get(name) != again.json.get(name)}
        if first.header("etag") != again.header("etag"):
            differing.add("ETag")
        if differing != may_change:
            what = f"to revoke a revoked key as {reason} changed {sorted(differing)}"
            yield Complaint(f"{what}, not {sorted(may_change)}", (first, again))
        first = again


def _act(kit: Kit, key: Key, step: Step) -> Exchange:
    path = f"{KEYS}/{key.id}"
    match step.action:
        case "view":
            return kit.live("GET", path)
        case "usage":
            return kit.live("GET", f"{path}/usage")
        case "edit":
            return kit.live("PATCH", path, step.body)
        case "delete":
            return kit.live("DELETE", path)
        case action:
            return kit.live("POST", f"{path}/{action}", step.body)


def _use(kit: Kit, value: str, expected: Answer, what: str) -> Iterator[Complaint]:
    exchange = kit.live.with_value(value)("GET", CURRENT)
    if exchange.answer != expected:
        yield exchange.complaint(f"{what} was answered {exchange.answered}, not {spelt(expected)}")


def _shown(exchange: Exchange, expected: Mapping[str, Any]) -> Iterator[Complaint]:
    for name, value in expected.items():
        got = exchange.json.get(name)
        if _comparable(name, got) != _comparable(name, value):
            yield exchange.complaint(f"{name} is {got!r}, not {value!r}")


def _comparable(name: str, value: Any) -> Any:
    if name in {"scopes", "siteIds"} and isinstance(value, list):
        return sorted(map(str, value))
    if name.endswith("At") and isinstance(value, str):
        return datetime.fromisoformat(value)
    return None if name in {"lastUsedAt", "advisories"} else value


def _in_a_year(kit: Kit) -> str:
    made_at = datetime.fromisoformat(str(kit.runner.record["createdAt"])).astimezone(ELSEWHERE)
    return (made_at + timedelta(days=365)).isoformat(timespec="milliseconds")


def _between(key: Mapping[str, Any], begins: str, ends: str) -> timedelta | None:
    """Answer how long it is from one time of a key to another, None if it tells one not."""
    times = [key.get(name) for name in (begins, ends)]
    first, last = (datetime.fromisoformat(t) if isinstance(t, str) else None for t in times)
    return None if first is None or last is None else last - first
