"""What support can find out about one request."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from keyfob_contract.checks.observation import eventually
from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import CURRENT, KEYS
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.message import Request

TOO_LONG = 65_536
"""Bytes, with which a body is longer than any may be."""

INVENTED_ADDRESS = "203.0.113.77"
"""Of a range for documentation (RFC 5737)."""

ASKED = {"since": "2001-01-01T05:30:00+05:30", "until": "2001-01-02T00:00:00Z"}
TOLD = {"since": "2001-01-01T00:00:00.000Z", "until": "2001-01-02T00:00:00.000Z"}
"""A time, as it is asked for and as it is told; the latest requests are told whenever they were."""

AGENT = f"kit-agent/1.0 ({'x' * 100})"


@dataclass(frozen=True)
class Traced:
    """What was sent, and what its trace has to tell."""

    exchange: Exchange
    truth: dict[str, Any]


def _traced(kit: Kit) -> list[Traced]:
    key = kit.keyring.make("traced", scopes=["sites:read"])
    value = kit.keyring.rotate(key)
    get = Request("GET", CURRENT)
    current = {"operation": "getCurrentApiKey", "path": CURRENT}
    listing = {"operation": "listApiKeys", "path": KEYS}
    viewing = {"operation": "getApiKey", "path": f"{KEYS}/{{keyId}}"}
    dead = {"status": 401, "code": "API_KEY_ROTATED", "secretVersion": 1}
    rules = (
        (value, 0, get, {"status": 200, "code": "OK", **current}),
        (value, 1, replace(get, method="HEAD"), {"status": 200, "code": "OK", **current}),
        (value, 0, Request("GET", f"{KEYS}/{key.id}?kit=1"), {"status": 403, **viewing}),
        (value, 1, Request("GET", KEYS), {"status": 403, "code": "SCOPE_INSUFFICIENT", **listing}),
        (key.value, 0, get, dead | current),
        (key.value, 1, get, dead | current),
        (value, 0, Request("GET", "/kit-no-such-path"), {"status": 404, "code": "NOT_FOUND"}),
        (value, 0, Request("DELETE", KEYS), {"status": 405, "code": "METHOD_NOT_ALLOWED"}),
        (
            value,
            0,
            Request("POST", KEYS).with_json({"name": "x" * TOO_LONG}),
            {"status": 413, "code": "PAYLOAD_TOO_LARGE"},
        ),
        (value, 0, Request("GET", f"/kit/{key.value}"), {"status": 404}),  # shows no value
    )
    found: list[Traced] = []
    for sent, way, request, told in rules:
        headers = (
            kit.profile.credentials.header(sent, way),
            ("User-Agent", AGENT),
            ("X-Forwarded-For", INVENTED_ADDRESS),
        )
        exchange = kit.inspector.ask(request.with_headers(*headers))
        always = {"method": request.method, "userAgent": AGENT, "secretVersion": 2}
        request_id = exchange.header("x-request-id") or "none"
        found.append(Traced(exchange, {"requestId": request_id, "keyId": key.id, **always, **told}))
    refused = kit.keyring.make("to be deleted", scopes=["sites:read"])
    exchange = refused.api("GET", KEYS)
    kit.inspector.settle()
    kit.keyring.delete(refused)
    request_id = exchange.header("x-request-id") or "none"
    truth = {"requestId": request_id, "keyId": refused.id, "status": 403, **listing}
    return [*found, Traced(exchange, truth)]


@check(
    "getRequest", "createApiKey", "rotateApiKey", "getCurrentApiKey", "listApiKeys", prepare=_traced
)
def requests_can_be_traced(kit: Kit) -> Iterator[Complaint]:
    """A trace tells what became of a request: who sent what, with which value, and the answer."""
    traced: list[Traced] = kit.prepared["requests_can_be_traced"]
    for each in traced:
        path = f"/v1/requests/{each.truth['requestId']}"
        trace = eventually(kit, path, lambda body: "requestId" in body)
        if trace.json.get("client") == INVENTED_ADDRESS:
            yield trace.complaint("the trace tells an address that the client made up")
        told = {name: trace.json.get(name) for name in each.truth}
        if told != each.truth:
            odd = {name: told[name] for name in told if told[name] != each.truth[name]}
            what = f"{each.exchange.request.method}, answered {each.exchange.status},"
            yield Complaint(f"the trace of a {what} tells {odd}", (each.exchange, trace))
        yield from _among_the_latest(kit, each, trace)


def _among_the_latest(kit: Kit, each: Traced, trace: Exchange) -> Iterator[Complaint]:
    """Look for a request among the latest of its key, which tell of it as its trace does."""
    if each.exchange.status == 200 and "getApiKeyUsage" in kit.contract.by_id:
        usage = kit.live("GET", f"{KEYS}/{each.truth['keyId']}/usage", **ASKED)
        if {name: usage.json.get(name) for name in TOLD} != TOLD:
            yield usage.complaint(f"usage does not tell that it is about {TOLD}")
        recent = usage.json.get("recent", [])
        times = [str(one.get("at")) for one in recent]
        if times != sorted(times, reverse=True):
            yield usage.complaint("the latest requests are not the newest first")
        if trace.json not in recent:
            yield Complaint("usage tells of a request otherwise than its trace", (usage, trace))


def _traced_at_a_site(kit: Kit) -> Exchange:
    here = kit.resources.one(kit.live, "siteId", 2)
    return kit.keyring.make("traced at a site", siteIds=[here]).api("GET", CURRENT)


@check("getRequest", "createApiKey", "createSite", "getCurrentApiKey", prepare=_traced_at_a_site)
def traces_are_for_who_meets_the_key(kit: Kit) -> Iterator[Complaint]:
    """A site-limited key finds the requests of keys of its sites; nobody, those without a key."""
    exchange: Exchange = kit.prepared["traces_are_for_who_meets_the_key"]
    path = f"/v1/requests/{exchange.header('x-request-id')}"
    eventually(kit, path, lambda body: "requestId" in body)
    here = kit.resources.one(kit.live, "siteId", 2)
    trace = kit.keyring.make("reader of traces", siteIds=[here]).api("GET", path)
    if trace.status != 200:
        text = f"a key of the same site was answered {trace.answered} about a request"
        yield Complaint(text, (exchange, trace))
    anonymous = kit.nobody("GET", CURRENT)
    kit.inspector.settle()
    found = kit.live("GET", f"/v1/requests/{anonymous.header('x-request-id')}")
    if found.status != 404:
        yield Complaint("a request without a key was found", (anonymous, found))
