"""Paths, methods and targets, whoever asks."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.api import Api
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.vault import State
from keyfob_contract.wire.message import Request

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
STRANGE_PATHS = ("/kit-no-such-path", "/", "/v1", "//", "/V1/API-KEYS", "/v1/Api-Keys")
OFTEN_THERE = frozenset({"OPTIONS", "TRACE"})
"""Methods that servers know by themselves, for browsers' sake."""
MALFORMED_PATHS = ("/%0A", "/kit%00", "/%FF", "/%2", "/%zz")


@check()
def unknown_paths_are_not_found(kit: Kit) -> Iterator[Complaint]:
    """A path that the contract does not have is 404, one with a slash too many as well."""
    for accepted in ("text/html", "application/problem+json"):  # the journal looks at the error
        kit.live.ask(Request("GET", STRANGE_PATHS[0], (("Accept", accepted),)))
    known = {operation.path for operation in kit.contract.operations}
    plain = sorted(path for path in known if "{" not in path)
    strange = [*STRANGE_PATHS, *(f"{path}/" for path in plain)]
    if not kit.profile.strictness.early_refusals:  # who knows what else there is
        strange = strange[:1]
    for path in strange:
        if path in known:
            continue
        for api in _askers(kit):
            exchange = api("GET", path)
            if exchange.status != 404:
                yield exchange.complaint(f"{path} was answered {exchange.status}")


@check()
def absent_things_are_not_found(kit: Kit) -> Iterator[Complaint]:
    """An id that names nothing is 404 on every operation."""
    for operation in kit.operations():
        if operation.path_values and operation.reply_rule(404):
            ids = {name: kit.samples.absent(kit.live, name) for name in operation.path_values}
            exchange = kit.live.ask(kit.samples.request(kit.live, operation, ids=ids))
            if exchange.status != 404:
                yield exchange.complaint(f"{operation.id} of nothing answered {exchange.status}")


@check()
def other_methods_are_not_allowed(kit: Kit) -> Iterator[Complaint]:
    """A method that a path does not have is 405, with Allow, whoever asks."""
    for path, operations in _paths(kit):
        has = {operation.method for operation in operations}
        has |= {"HEAD"} if "GET" in has else set()
        has |= set() if kit.profile.strictness.early_refusals else OFTEN_THERE
        target = kit.samples.harmless(kit.live, operations[0]).path
        others = [Request(method, target) for method in METHODS if method not in has]
        asked = kit.live.ask_together(others)
        if kit.profile.strictness.early_refusals:
            asked += kit.nobody.ask_together(others[:1])
        for exchange in asked:
            if exchange.status != 405:
                method = exchange.request.method
                yield exchange.complaint(f"{method} {path} answered {exchange.status}")


@check()
def head_answers_as_get(kit: Kit) -> Iterator[Complaint]:
    """HEAD answers as GET does, without a body."""
    if not kit.profile.strictness.early_refusals:
        raise NotChecked("the profile does not promise HEAD")
    for operation in kit.operations(needing_a_key=False):
        if operation.method != "GET":
            continue
        request = kit.samples.request(kit.live, operation)
        api = kit.asker(operation)
        get, head = api.ask(request), api.ask(replace(request, method="HEAD"))
        if head.status != get.status:
            text = f"GET {operation.path} answered {get.status}, HEAD {head.status}"
            yield Complaint(text, (get, head))
        if operation.needs_key and kit.keyring.has(kit.profile.keys.revoke):
            (revoked, *_) = kit.dead.credentials(State.REVOKED)
            dead = kit.inspector.ask(revoked.on(replace(request, method="HEAD")))
            if dead.status != 401:
                yield dead.complaint(f"HEAD {operation.path} answered a revoked key {dead.status}")


@check()
def creations_say_where_to_look(kit: Kit) -> Iterator[Complaint]:
    """Location, where a creation answers one, is the path of what was created."""
    tried = 0
    for collection in kit.resources.collections.values():
        maker = collection.maker
        if "location" not in maker.replies[maker.success].headers:
            continue
        tried += 1
        made = kit.live.ask(kit.samples.request(kit.live, maker))
        one = kit.adopt(maker, made)
        told = made.header("location") or ""
        if urlsplit(told).path != f"{kit.resources.path(kit.live, maker)}/{one}":
            yield made.complaint(f"{maker.id} says that {one} is at {told}")
    if not tried:
        raise NotChecked("no creation of the contract answers a Location")


@check()
def malformed_targets_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A target with control characters, broken escapes or what is no UTF-8 is 400, whoever asks."""
    if not kit.profile.strictness.early_refusals:
        raise NotChecked("the profile does not promise that malformed targets are refused")
    for path in MALFORMED_PATHS:
        for api in (kit.live, kit.nobody):
            exchange = api.ask(Request("GET", path))
            fields = exchange.error_member(kit.profile.errors.fields) or [{"pointer": "/path"}]
            if exchange.status != 400:
                yield exchange.complaint(f"{path} was answered {exchange.status}")
            elif [problem.get("pointer") for problem in fields] != ["/path"]:
                yield exchange.complaint(f"{path} is malformed, and is not pointed at")


@check()
def replies_are_json_whatever_is_accepted(kit: Kit) -> Iterator[Complaint]:
    """Accept changes nothing, nor does a traceparent that is none: each reply is what it was."""
    if not kit.profile.strictness.early_refusals:
        raise NotChecked("the profile does not promise JSON whatever is accepted")
    page = (("Accept", "text/html, image/*;q=0.5"), ("traceparent", "00-kit"))
    for operation in kit.operations(needing_a_key=False):
        request = kit.samples.harmless(kit.live, operation)
        plain, asked = kit.asker(operation).ask_together([request, request.with_headers(*page)])
        kinds = [(each.answer, each.header("content-type")) for each in (plain, asked)]
        if kinds[0] != kinds[1]:
            yield Complaint(f"{operation.id} heeds what is accepted: {kinds[1]}", (plain, asked))


@check()
def no_key_is_looked_at_where_none_is_needed(kit: Kit) -> Iterator[Complaint]:
    """Where no key is needed, a dead one is in nobody's way."""
    open_to_all = [o for o in kit.operations(needing_a_key=False) if not o.needs_key and o.is_safe]
    if not open_to_all:
        raise NotChecked("every operation of the contract needs a key")
    (revoked, *_) = kit.dead.credentials(State.REVOKED)
    for operation in open_to_all:
        request = kit.samples.request(kit.live, operation)
        exchange = kit.inspector.ask(revoked.on(request))
        if exchange.status != kit.nobody.ask(request).status:
            text = f"{operation.id}, which needs no key, looked at one: {exchange.answered}"
            yield exchange.complaint(text)


def _paths(kit: Kit) -> Iterator[tuple[str, Sequence[Operation]]]:
    for path in dict.fromkeys(operation.path for operation in kit.contract.operations):
        yield path, [o for o in kit.contract.operations if o.path == path]


def _askers(kit: Kit) -> Sequence[Api]:
    """Who asks: nobody, too, if that is refused before anybody looks at a key."""
    return (kit.live, kit.nobody) if kit.profile.strictness.early_refusals else (kit.live,)
