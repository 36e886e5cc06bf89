"""What gateways and sibling services ask: authorize and verifyApiKey."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import AUTHORIZE
from keyfob_contract.run.api import described
from keyfob_contract.run.keyring import Key, NotPossible
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.vault import State

KILLED = (State.ROTATED, State.REVOKED, State.EXPIRED, State.DELETED, State.MISTYPED, State.UNKNOWN)
HELD = "visitors:read"
NOT_HELD = "audit:read"


@check("authorize", "createApiKey")
def authorize_answers_for_the_key(kit: Kit) -> Iterator[Complaint]:
    """A live key is authorised, and told with its organisation and scopes in headers and body."""
    key = kit.keyring.make("authorized", scopes=[HELD, "keys:read"])
    exchange = key.api("GET", AUTHORIZE)
    body = exchange.json
    told = {
        "keyId": (exchange.header("x-keyfob-key-id"), body.get("keyId"), key.id),
        "organizationId": (
            exchange.header("x-keyfob-organization-id"),
            body.get("organizationId"),
            key.record["organizationId"],
        ),
    }
    if exchange.status != 200:
        yield exchange.complaint(f"a live key was answered {exchange.status}")
    for name, (header, member, truth) in told.items():
        if (header, member) != (truth, truth):
            yield exchange.complaint(f"{name} is {header} in the header and {member} in the body")
    scopes = set((exchange.header("x-keyfob-scopes") or "").replace(",", " ").split())
    if scopes != {HELD, "keys:read"} or set(body.get("scopes", ())) != scopes:
        yield exchange.complaint(f"the scopes are told as {sorted(scopes)}")


@check("authorize", "createApiKey", "createSite")
def authorize_asks_about_scope_and_site(kit: Kit) -> Iterator[Complaint]:
    """No key is authorised for a scope that it lacks or a site that it does not cover."""
    here, there = (kit.resources.one(kit.live, "siteId", number) for number in (0, 1))
    key = kit.keyring.make("gated", scopes=[HELD], siteIds=[here])
    for query, expected in _questions(kit, here, there):
        exchange = key.api("GET", AUTHORIZE, **query)
        if exchange.answer != expected:
            yield exchange.complaint(f"{query} was answered {exchange.answered}")


@check("authorize", "createApiKey")
def authorize_tells_gateways_its_error(kit: Kit) -> Iterator[Complaint]:
    """The error of authorize is in a header, too: gateways throw bodies of refusals away."""
    key = kit.keyring.make("refused", scopes=[HELD], rateLimit={"requests": 2, "windowSeconds": 60})
    told = [key.api("GET", AUTHORIZE, scope=scope) for scope in (NOT_HELD, "kit:none", HELD)]
    told.append(kit.nobody("GET", AUTHORIZE))
    for exchange, status in zip(told, (403, 400, 429, 401), strict=True):
        try:
            header = json.loads(exchange.header("x-keyfob-error") or "null")
        except ValueError:
            header = None
        if exchange.status != status or header != exchange.json:
            what = f"{exchange.status} with X-Keyfob-Error {exchange.header('x-keyfob-error')}"
            yield exchange.complaint(f"authorize answered {what}")


@check("verifyApiKey", "createApiKey")
def verify_tells_what_a_value_is_worth(kit: Kit) -> Iterator[Complaint]:
    """Any value is judged with 200: whether it is good, or why not."""
    here = kit.resources.one(kit.live, "siteId")
    made_at = datetime.fromisoformat(str(kit.runner.record["createdAt"]))
    ends = (made_at + timedelta(days=30)).isoformat()
    key = kit.keyring.make("verified", scopes=[HELD], siteIds=[here], expiresAt=ends)
    yield from _verdict(kit, key.value, "VALID", key.id)
    told = _verify(kit, key.value)
    for name in ("scopes", "organizationId", "siteIds", "expiresAt"):
        if told.json.get(name) != key.record[name]:
            yield told.complaint(f"the verdict tells as {name} {told.json.get(name)}")
    for state in KILLED:
        try:
            credentials = kit.dead.credentials(state)
        except NotPossible:
            continue
        value = credentials[0].headers[0][1].rpartition(" ")[2]
        code = kit.profile.keys.codes.get(state, "API_KEY_INVALID")
        yield from _verdict(kit, value, code)
    nearly = (f" {key.value}", f"{key.value} ", f"{key.value}\n", key.value.swapcase())
    for odd in ("", "no key", "kfb_", "x" * 5000, "ü", *nearly):
        yield from _verdict(kit, odd, "API_KEY_INVALID")
    yield from _limited(kit)


@check("verifyApiKey", "createApiKey", "createSite")
def verify_asks_about_scope_and_site(kit: Kit) -> Iterator[Complaint]:
    """A verdict says whether the key may do that, there, if the asker covers that site."""
    here, there = (kit.resources.one(kit.live, "siteId", number) for number in (0, 1))
    key = kit.keyring.make("verified for", scopes=[HELD], siteIds=[here])
    for question, (status, code) in _questions(kit, here, there):
        exchange = _verify(kit, key.value, **question)
        if status == 400 or question.get("siteId") not in {None, here, there}:
            wanted = (400, "VALIDATION_FAILED") if status == 400 else (403, "SITE_FORBIDDEN")
            if exchange.answer != wanted:
                yield exchange.complaint(f"{question} was answered {exchange.status}")
        elif _verdict_of(exchange) != (status == 200, code or "VALID"):
            yield exchange.complaint(f"{question} was judged {_verdict_of(exchange)}")
    yield from _unknown_to_the_limited(kit, here, there)


def _questions(
    kit: Kit, here: str, there: str
) -> Iterator[tuple[dict[str, str], tuple[int, str | None]]]:
    absent = kit.samples.absent(kit.live, "siteId")
    yield {}, (200, None)
    yield {"scope": HELD}, (200, None)
    yield {"scope": NOT_HELD}, (403, "SCOPE_INSUFFICIENT")
    yield {"scope": "kit:none"}, (400, "VALIDATION_FAILED")
    yield {"siteId": here}, (200, None)
    yield {"siteId": there}, (403, "SITE_FORBIDDEN")
    yield {"siteId": absent}, (403, "SITE_FORBIDDEN")
    yield {"scope": HELD, "siteId": here}, (200, None)
    yield {"scope": HELD, "siteId": there}, (403, "SITE_FORBIDDEN")


def _verify(kit: Kit, value: str, **question: Any) -> Exchange:
    path = kit.contract.by_id["verifyApiKey"].path
    return kit.live.ask(described("POST", path, {"key": value, **question}))


def _verdict_of(exchange: Exchange) -> tuple[Any, Any]:
    return exchange.json.get("valid"), exchange.json.get("code")


def _verdict(kit: Kit, value: str, code: str, key_id: str | None = None) -> Iterator[Complaint]:
    exchange = _verify(kit, value)
    if exchange.status != 200 or _verdict_of(exchange) != (code == "VALID", code):
        yield exchange.complaint(f"a value that is {code} was judged {_verdict_of(exchange)}")
    elif key_id is not None and exchange.json.get("keyId") != key_id:
        yield exchange.complaint(f"the verdict is about {exchange.json.get('keyId')}")


def _limited(kit: Kit) -> Iterator[Complaint]:
    limit = {"requests": 1, "windowSeconds": 3600}
    key: Key = kit.keyring.make("verified often", rateLimit=limit)
    yield from _verdict(kit, key.value, "VALID")
    exchange = _verify(kit, key.value)
    if _verdict_of(exchange) != (False, "RATE_LIMITED"):
        yield exchange.complaint(f"a key past its limit was judged {_verdict_of(exchange)}")
    elif not 1 <= exchange.json.get("retryAfter", 0) <= 3600:
        yield exchange.complaint(f"retryAfter is {exchange.json.get('retryAfter')}")


def _unknown_to_the_limited(kit: Kit, here: str, there: str) -> Iterator[Complaint]:
    asker = kit.keyring.make("limited asker", scopes=["keys:verify"], siteIds=[here])
    path = kit.contract.by_id["verifyApiKey"].path
    live, rotated, revoked = (
        kit.keyring.make(f"{what} beyond the asker", siteIds=[there])
        for what in ("live", "rotated", "revoked")
    )
    kit.keyring.rotate(rotated)
    kit.keyring.revoke(revoked)
    for beyond in (live, rotated, revoked):
        exchange = asker.api.ask(described("POST", path, {"key": beyond.value}))
        told = {name for name, value in exchange.json.items() if value is not None}
        if _verdict_of(exchange) != (False, "API_KEY_INVALID") or told - {"valid", "code"}:
            yield exchange.complaint(
                "a key beyond the asker's sites was judged as if it were known"
            )
