"""Rate limits: exact, honest, and charged once."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import AUTHORIZE, CURRENT, KEYS, SITES
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.message import Request

ALLOWED = 20
BEYOND = 50
WINDOW_SECONDS = 2
LONG_SECONDS = 3600
LESS_THAN_A_SECOND = 0.9
A_MOMENT_MS = 20
A_SECOND_AND_MORE_MS = 1020
LIMITED = ("createApiKey", "getCurrentApiKey")

_ENDS = re.compile(r"[;,]\s*t=(\d+)")
_LEFT = re.compile(r"[;,]\s*r=(\d+)")


@check(*LIMITED)
def a_window_lets_exactly_n_pass(kit: Kit) -> Iterator[Complaint]:
    """Of N and 50 requests at once exactly N pass, and the rest are 429."""
    key = _limited(kit, "burst", ALLOWED, LONG_SECONDS)
    burst = key.api.ask_together([Request("GET", CURRENT)] * (ALLOWED + BEYOND))
    passed = [exchange for exchange in burst if exchange.status == 200]
    refused = [exchange for exchange in burst if exchange.status == 429]
    if len(passed) != ALLOWED or len(passed) + len(refused) != len(burst):
        odd = next((e for e in burst if e.status not in {200, 429}), burst[-1])
        yield odd.complaint(f"{len(passed)} of {len(burst)} passed, not {ALLOWED}")
    more = {"rateLimit": {"requests": ALLOWED + BEYOND}}
    kit.live.must(200, "PATCH", f"{KEYS}/{key.id}", more)
    after = key.api("GET", CURRENT)
    if after.status != 429:
        yield after.complaint("a changed limit did not wait for the next window")


@dataclass(frozen=True)
class Waited:
    """A key past its limit, and what it is answered when it asks again.

    Attributes:
        seconds: what Retry-After said; None if it said nothing that can be true.
        early: asks over a second before that; None where that would be no time at all.
        late: ask as soon as it has passed.
    """

    refused: Exchange
    seconds: int | None = None
    early: Callable[[], Exchange] | None = None
    late: Sequence[Callable[[], Exchange]] = ()

    def was_early(self, exchange: Exchange) -> bool:
        """Say whether a request was indeed answered over a second before its time."""
        answered = exchange.sent_at + exchange.seconds - self.refused.sent_at
        return self.seconds is not None and answered < self.seconds - 1


def _waited(kit: Kit) -> Waited:
    key = _limited(kit, "patient", 2, WINDOW_SECONDS)
    for _ in range(2):
        key.api.must(200, "GET", CURRENT)
    refused = key.api("GET", CURRENT)
    seconds = _retry_after(refused)
    if refused.status != 429 or seconds is None or not 1 <= seconds <= WINDOW_SECONDS:
        return Waited(refused)
    told, again = kit.clock(), Request("GET", CURRENT)
    early = None
    if seconds > 1:
        early = kit.ask_at(told + round((seconds - 2 + LESS_THAN_A_SECOND) * 1000), key.api, again)
    due = told + seconds * 1000 + A_MOMENT_MS
    return Waited(refused, seconds, early, [kit.ask_at(due, key.api, again) for _ in range(2)])


@check(*LIMITED, prepare=_waited)
def retry_after_is_honest(kit: Kit) -> Iterator[Complaint]:
    """To wait as long as Retry-After says is enough, and over a second less is not."""
    waited: Waited = kit.prepared["retry_after_is_honest"]
    refused = waited.refused
    if waited.seconds is None:
        told = refused.header("retry-after")
        yield refused.complaint(
            f"past its limit a key was answered {refused.status}, Retry-After {told}"
        )
        return
    if waited.early is not None:
        early = waited.early()
        if early.status != 429 and waited.was_early(early):
            what = f"Retry-After is {waited.seconds}, and over a second less was enough"
            yield Complaint(what, (refused, early))
    for each in waited.late:
        late = each()
        if late.status != 200:
            what = f"Retry-After is {waited.seconds}, and as many seconds later it is {late.status}"
            yield Complaint(what, (refused, late))
            return


@check(*LIMITED, "listApiKeys", "listSites", "createSite", "verifyApiKey", "authorize")
def each_request_is_charged_once(kit: Kit) -> Iterator[Complaint]:
    """Every request of a live key, good or bad, is charged to it exactly once; others to nobody."""
    key = _limited(kit, "charged", 1000, LONG_SECONDS)
    judged = _limited(kit, "judged", 999, LONG_SECONDS)
    policy = f'"key";q=1000;w={LONG_SECONDS}'
    verify = Request("POST", kit.contract.by_id["verifyApiKey"].path)
    left = left_of(key.api("GET", CURRENT))
    for what, request, charge in (
        ("a good request", Request("GET", CURRENT), 1),
        ("a list", Request("GET", KEYS), 1),
        ("a bad query", Request("GET", f"{KEYS}?kit=1"), 1),
        ("a thing that is absent", Request("GET", f"{KEYS}/key_absent"), 1),
        ("a bad body", Request("POST", SITES).with_json({}), 1),
        ("no JSON", Request("POST", SITES, (("Content-Type", "text/plain"),), b"x"), 1),
        ("authorize", Request("GET", f"{AUTHORIZE}?scope=keys:read"), 1),
        ("verifyApiKey", verify.with_json({"key": judged.value}), 1),
        ("verifyApiKey of itself", verify.with_json({"key": key.value}), 1),
        ("HEAD", Request("HEAD", CURRENT), 1),
        ("an unknown path", Request("GET", "/kit-no-such-path"), 0),
        ("another method", Request("DELETE", KEYS), 0),
    ):
        exchange = key.api.ask(request)
        now = left_of(key.api("GET", CURRENT))
        charged = left - now - 1
        left = now
        if charged != charge:
            yield exchange.complaint(f"{what} was charged {charged} times, not {charge}")
        told = (exchange.header("ratelimit-policy"), left_of(exchange))
        if charge and told != (policy, left + 1):
            yield exchange.complaint(f"{what} was charged, and told {told}, not {policy}")
    seen = judged.api("GET", CURRENT)
    if left_of(seen) != 999 - 2:
        yield seen.complaint("verifyApiKey did not charge the key that it judged exactly once")


@check(*LIMITED, "rotateApiKey")
def refused_credentials_are_not_charged(kit: Kit) -> Iterator[Complaint]:
    """Requests with a replaced value take nothing from the key's limit."""
    key = _limited(kit, "robbed", 2, LONG_SECONDS)
    value = kit.keyring.rotate(key)
    for _ in range(4):
        key.api("GET", CURRENT)
    exchange = key.api.with_value(value)("GET", CURRENT)
    if exchange.status != 200:
        yield exchange.complaint("requests that were refused with 401 were charged to the key")


@check(*LIMITED, "rotateApiKey", "revokeApiKey", "reactivateApiKey")
def limits_outlive_the_value(kit: Kit) -> Iterator[Complaint]:
    """A limit is the key's: neither another value nor a revocation undone begins it anew."""
    key = _limited(kit, "used up", 2, LONG_SECONDS)
    for _ in range(2):
        key.api.must(200, "GET", CURRENT)
    holder = key.api.with_value(kit.keyring.rotate(key))
    rotated = holder("GET", CURRENT)
    kit.live.must(200, "POST", f"{KEYS}/{key.id}/revoke", {"reason": "temporary"})
    kit.live.must(200, "POST", f"{KEYS}/{key.id}/reactivate")
    for deed, exchange in (("rotation", rotated), ("reactivation", holder("GET", CURRENT))):
        if exchange.status != 429:
            yield exchange.complaint(f"a key past its limit got {exchange.status} after {deed}")


def _changed_limit(kit: Kit) -> Sequence[Callable[[], Exchange]]:
    key = _limited(kit, "to be limited anew", 1, 1)
    key.api.must(200, "GET", CURRENT)
    changed = {"rateLimit": {"requests": 3, "windowSeconds": LONG_SECONDS}}
    kit.live.must(200, "PATCH", f"{KEYS}/{key.id}", changed)
    due = kit.clock() + A_SECOND_AND_MORE_MS
    return [kit.ask_at(due, key.api, Request("GET", CURRENT)) for _ in range(4)]


@check(*LIMITED, "updateApiKey", prepare=_changed_limit)
def changed_limits_hold_from_the_next_window(kit: Kit) -> Iterator[Complaint]:
    """The window after a change of the limit is as long as it says, and lets as many pass."""
    asked = [ask() for ask in kit.prepared["changed_limits_hold_from_the_next_window"]]
    passed = [exchange for exchange in asked if exchange.status == 200]
    policy = f'"key";q=3;w={LONG_SECONDS}'
    told = {exchange.header("ratelimit-policy") for exchange in asked}
    if len(passed) != len(asked) - 1 or told != {policy}:
        what = f"{len(passed)} of {len(asked)} passed under {sorted(map(str, told))}"
        yield Complaint(f"after the limit became {policy}, {what}", tuple(asked))


@check(*LIMITED)
def exhausted_keys_are_refused_everywhere(kit: Kit) -> Iterator[Complaint]:
    """A key past its limit is 429 on every operation, with Retry-After."""
    key = _limited(kit, "exhausted", 1, LONG_SECONDS)
    key.api.must(200, "GET", CURRENT)
    for operation in kit.operations():
        exchange = key.api.ask(kit.samples.harmless(kit.live, operation))
        if exchange.status != 429:
            yield exchange.complaint(f"{operation.id} answered {exchange.status} past the limit")
        elif not 1 <= (_retry_after(exchange) or 0) <= LONG_SECONDS:
            yield exchange.complaint(
                f"{operation.id}: Retry-After is {exchange.header('retry-after')}"
            )


def _counted_down(kit: Kit) -> tuple[Key, Callable[[], Exchange]]:
    key = _limited(kit, "counting down", 5, LONG_SECONDS)
    key.api("GET", CURRENT)
    due = kit.clock() + A_SECOND_AND_MORE_MS
    return key, kit.ask_at(due, key.api, Request("GET", CURRENT))


@check(*LIMITED, prepare=_counted_down)
def limits_are_told_in_headers(kit: Kit) -> Iterator[Complaint]:
    """RateLimit and RateLimit-Policy tell the limit, what is left of it, and until when."""
    key = _limited(kit, "told", 5, LONG_SECONDS)
    policy = f'"key";q=5;w={LONG_SECONDS}'
    for left in (4, 3, 2, 1, 0, 0):
        exchange = key.api("GET", CURRENT)
        if left == 4 and _ends_in(exchange) < LONG_SECONDS - 1:
            yield exchange.complaint("the window did not begin with the first request in it")
        if left_of(exchange) != left:
            yield exchange.complaint(f"RateLimit is {exchange.header('ratelimit')}, not r={left}")
        if exchange.header("ratelimit-policy") != policy:
            yield exchange.complaint(f"RateLimit-Policy is not {policy}")
    _, later = kit.prepared["limits_are_told_in_headers"]
    seen: Exchange = later()
    if not 0 <= _ends_in(seen) < LONG_SECONDS:
        yield seen.complaint("RateLimit tells no less of the window after a second of it")


def _limited(kit: Kit, name: str, requests: int, seconds: int) -> Key:
    return kit.keyring.make(name, rateLimit={"requests": requests, "windowSeconds": seconds})


def left_of(exchange: Exchange) -> int:
    """Answer how many more requests RateLimit tells of; -1 if it tells of none."""
    found = _LEFT.search(exchange.header("ratelimit") or "")
    return int(found[1]) if found else -1


def _ends_in(exchange: Exchange) -> int:
    found = _ENDS.search(exchange.header("ratelimit") or "")
    return int(found[1]) if found else -1


def _retry_after(exchange: Exchange) -> int | None:
    text = exchange.header("retry-after") or ""
    return int(text) if text.isdigit() else None
