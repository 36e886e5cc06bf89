"""Immediately means immediately: nothing is judged, or shown, by what was true before a change.

Each question is asked again to the letter, for whatever stands between would answer from memory.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.paths import AUTHORIZE, CURRENT, KEYS, VISITORS
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import items_of
from keyfob_contract.wire.message import Request

LIFE = ("createApiKey", "updateApiKey", "rotateApiKey", "revokeApiKey", "reactivateApiKey")
WHOLE_LIFE = (*LIFE, "deleteApiKey", "getCurrentApiKey")
HELD = "visitors:read"
BOTH = [HELD, "sites:read"]
SOONEST = tuple(timedelta(seconds=seconds) for seconds in (0.5, 1.5, 4))
"""How soon a key ends: the first of them that is not over on the way to the server."""

BEFORE_MS, AFTER_MS = (-200, -50), 10
"""When a key is used around its end."""


@dataclass(frozen=True)
class Holds:
    """What a value is good for: scopes and sites, or why it is good for nothing."""

    scopes: Sequence[str]
    sites: Sequence[str]
    dead: str | None = None

    def refusal(self, scope: str | None, site: str | None) -> str | None:
        """Answer the code with which a question about a scope and a site is refused."""
        if self.dead is not None:
            return self.dead
        if scope is not None and scope not in self.scopes:
            return "SCOPE_INSUFFICIENT"
        return "SITE_FORBIDDEN" if site is not None and site not in self.sites else None


@dataclass(frozen=True)
class Question:
    """A request that may be made with a scope and at a site.

    Attributes:
        by_others: whether another key asks it, about a value in its body.
    """

    request: Request
    scope: str | None = None
    site: str | None = None
    by_others: bool = False


@check(*WHOLE_LIFE, "authorize", "verifyApiKey", "listVisitors", "createSite")
def changed_keys_are_judged_anew_at_once(kit: Kit) -> Iterator[Complaint]:
    """The very next request after a change is judged by it, whatever was answered just before."""
    here, there = (kit.resources.one(kit.live, "siteId", number) for number in (0, 1))
    key = kit.keyring.make("changed in use", scopes=BOTH, siteIds=[here, there])
    questions = list(_questions(kit, key, there))
    whole = Holds(BOTH, [here, there])
    path = f"{KEYS}/{key.id}"
    yield from _asked(kit, key, questions, "creation", whole)
    for deed, request, holds in (
        ("an edit of the scopes", _edit(path, scopes=["sites:read"]), replace(whole, scopes=())),
        ("an edit that gave them back", _edit(path, scopes=BOTH), whole),
        ("an edit of the sites", _edit(path, siteIds=[here]), replace(whole, sites=())),
        ("an edit that gave them back", _edit(path, siteIds=[here, there]), whole),
        ("revoking", Request("POST", f"{path}/revoke"), replace(whole, dead="API_KEY_REVOKED")),
        ("reactivation", Request("POST", f"{path}/reactivate"), whole),
        ("rotation", Request("POST", f"{path}/rotate"), replace(whole, dead="API_KEY_ROTATED")),
        ("revoking", Request("POST", f"{path}/revoke"), replace(whole, dead="API_KEY_ROTATED")),
        ("deletion", Request("DELETE", path), replace(whole, dead="API_KEY_INVALID")),
    ):
        changed = kit.live.ask(request)
        questions.reverse()  # what was asked last before is asked first, with nothing in between
        for complaint in _asked(kit, key, questions, deed, holds):
            yield complaint.with_story([changed, *complaint.evidence])


def _used_to_its_end(kit: Kit) -> tuple[Key, Sequence[Callable[[], Exchange]]]:
    """Make a key that ends soon, and have it asked with until then, and just after.

    Only the implementation knows what time it is there: the key tells when it was made.
    """
    key = kit.keyring.make("to end in use")
    made_by, made_at = kit.clock(), datetime.fromisoformat(str(key.record["createdAt"]))
    soon = SOONEST[0]
    for soon in SOONEST:
        ends = (made_at + soon).isoformat()
        if kit.live("PATCH", f"{KEYS}/{key.id}", {"expiresAt": ends}).status != 400:
            break
    ended_by = made_by + round(soon.total_seconds() * 1000)
    requests = [Request("GET", path) for path in (AUTHORIZE, CURRENT)]
    return key, [
        kit.ask_at(ended_by + after_ms, key.api, request)
        for after_ms in (*BEFORE_MS, AFTER_MS)
        for request in requests
    ]


@check(*LIFE, "authorize", "getCurrentApiKey", prepare=_used_to_its_end)
def keys_in_use_end_on_time(kit: Kit) -> Iterator[Complaint]:
    """A key that is in use until its last moment is refused in the next."""
    key, uses = kit.prepared["keys_in_use_end_on_time"]
    kit.vault.foresee_end(key.value)
    told = [use() for use in uses]
    for exchange in told[-2:]:
        if exchange.answer != (401, "API_KEY_EXPIRED"):
            what = f"just after its end {exchange.request.path} was answered {exchange.answered}"
            yield Complaint(what, tuple(told))


@check(*WHOLE_LIFE, "getApiKey", "listApiKeys")
def changes_are_seen_at_once(kit: Kit) -> Iterator[Complaint]:
    """What a change answers is what everybody sees from then on: key, list and counts."""
    key = kit.keyring.make("seen")
    path, name = f"{KEYS}/{key.id}", str(key.record["name"])
    watchers = (kit.live, kit.keyring.make("watcher").api)
    yield from _seen(kit.live("GET", path), watchers, path, name)
    for request in (
        _edit(path, description="another"),
        Request("POST", f"{path}/rotate"),
        Request("POST", f"{path}/revoke"),
        Request("POST", f"{path}/reactivate"),
        Request("POST", f"{path}/revoke").with_json({"reason": "unused"}),
        Request("DELETE", path),
    ):
        yield from _seen(kit.live.ask(request), watchers, path, name)


@check()
def what_was_created_is_listed_at_once(kit: Kit) -> Iterator[Complaint]:
    """A list that was just read has, read again, what was created meanwhile."""
    for collection in kit.resources.collections.values():
        if collection.lister is None:
            continue
        path = kit.resources.path(kit.live, collection.lister)
        kit.live("GET", path)
        made = kit.resources.fresh(kit.live, collection.parameter)
        again = kit.live("GET", path)
        if made not in {str(item.get(collection.id_member)) for item in items_of(again.json)}:
            yield again.complaint(f"{collection.path} does not show what was just created")


def _questions(kit: Kit, key: Key, there: str) -> Iterator[Question]:
    verify = Request("POST", kit.contract.by_id["verifyApiKey"].path)
    abouts = ((None, None), (HELD, None), (None, there), (HELD, there))
    for scope, site in abouts:
        about = {"scope": scope, "siteId": site}
        said = {name: value for name, value in about.items() if value is not None}
        body = verify.with_json({"key": key.value, **said})
        yield Question(body, scope, site, by_others=True)
    yield Question(Request("GET", CURRENT))
    yield Question(Request("GET", VISITORS).with_query(siteId=there), HELD, there)
    for scope, site in abouts:
        yield Question(Request("GET", AUTHORIZE).with_query(scope=scope, siteId=site), scope, site)


def _asked(
    kit: Kit, key: Key, questions: Sequence[Question], deed: str, holds: Holds
) -> Iterator[Complaint]:
    for question in questions:
        exchange = (kit.live if question.by_others else key.api).ask(question.request)
        told = exchange.json.get("code") if question.by_others else exchange.code
        told = None if told == "VALID" else told
        expected = holds.refusal(question.scope, question.site)
        succeeded = exchange.status < 300
        if told != expected or succeeded != (question.by_others or expected is None):
            answered = told or exchange.status
            yield exchange.complaint(f"just after {deed} {_named(question)} got {answered}")


def _named(question: Question) -> str:
    return f"{question.request.method} {question.request.target}"


def _seen(told: Exchange, watchers: Sequence[Any], path: str, name: str) -> Iterator[Complaint]:
    """Hold what others see against what a change has answered."""
    truth = _steady(told.json) if told.status == 200 else None
    for api in watchers:
        view = api("GET", path)
        page = api("GET", KEYS, q=name)
        items = items_of(page.json)
        if truth is None:
            if view.status != 404 or items:
                yield Complaint("a deleted key is seen", (told, view, page))
            continue
        if _steady(view.json) != truth or view.header("etag") != told.header("etag"):
            yield Complaint("a change is not seen in the key", (told, view))
        if [_steady(item) for item in items] != [truth]:
            yield Complaint("a change is not seen in the list", (told, page))
        counts: dict[str, int] = page.json.get("counts", {})
        if {status for status, number in counts.items() if number} != {truth["status"]}:
            yield Complaint("a change is not seen in the counts", (told, page))


def _steady(key: dict[str, Any]) -> dict[str, Any]:
    left_out = {"key", "lastUsedAt", "advisories"}
    return {member: value for member, value in key.items() if member not in left_out}


def _edit(path: str, **members: Any) -> Request:
    return Request("PATCH", path).with_json(members)
