"""Keys that are limited to some sites, and sites that a request names."""

import json
from collections.abc import Iterator, Sequence

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.rules.paths import KEYS, SITES
from keyfob_contract.rules.spec import Operation, Parameter
from keyfob_contract.run.api import Api
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import changes, items_of
from keyfob_contract.wire.message import Request


@check("createApiKey", "createSite")
def limited_keys_meet_only_their_sites(kit: Kit) -> Iterator[Complaint]:
    """What lies at other sites is absent to a key that is limited to one: in lists and by id."""
    here = kit.resources.one(kit.live, "siteId", 2)
    holder = kit.keyring.make("limited", siteIds=[here]).api
    elsewhere = _elsewhere(kit)
    before = kit.state()
    for operation in kit.operations():
        if not operation.path_values.keys() & elsewhere.keys():
            continue
        exchange = holder.ask(kit.samples.request(kit.live, operation, ids=elsewhere))
        if exchange.status != 404:
            yield exchange.complaint(
                f"{operation.id} of what lies at another site: {exchange.status}"
            )
    for change in changes(before, kit.state()):
        yield Complaint(f"a limited key had an effect at another site: {change}")
    for operation in kit.operations():
        if operation.is_safe and not operation.path_values:
            exchange = holder.ask(kit.samples.request(kit.live, operation))
            text = exchange.reply.body.decode("utf-8", "replace")
            if any(one in text for one in elsewhere.values()):
                yield exchange.complaint(f"{operation.id} tells of what lies at another site")
    yield from _limited_counts(kit, here)
    beyond = kit.keyring.make("beyond", siteIds=[here, kit.resources.one(kit.live, "siteId")])
    hidden = {*elsewhere.values(), beyond.id, kit.runner.id} - {here}
    yield from _filtered(kit, holder, here, hidden)


def _filtered(kit: Kit, holder: Api, here: str, hidden: set[str]) -> Iterator[Complaint]:
    """Ask for each list with each filter, as a key that is limited to one site."""
    for operation in kit.operations():
        if operation.method != "GET" or "cursor" not in operation.query:
            continue
        requests = [
            kit.samples.request(holder, operation).with_query(**{name: value})
            for name, rule in operation.query.items()
            for value in _values(kit, rule, here)
        ]
        for exchange in holder.ask_together(requests):
            shown = {str(item.get("id")) for item in items_of(exchange.json)}
            if shown & hidden or exchange.status != 200:
                what = f"{exchange.request.target} answers a limited key {exchange.status}"
                yield exchange.complaint(f"{what}, with {len(shown & hidden)} of other sites")


def _values(kit: Kit, rule: Parameter, here: str) -> Sequence[str]:
    if rule.name in {"limit", "cursor"}:
        return ()
    known = {"siteId": [here], "q": [kit.mark], "keyId": [], "actor": [kit.runner.id]}
    return known.get(rule.name) or rule.schema.get("enum") or [str(rule.example)]


@check("createSite", "createApiKey")
def sites_are_made_by_keys_for_every_site(kit: Kit) -> Iterator[Complaint]:
    """Only a key for every site may make a site."""
    holder = kit.keyring.make("limited", siteIds=[kit.resources.one(kit.live, "siteId")]).api
    before = kit.state()
    exchange = holder("POST", SITES, {"name": f"{kit.mark} by a limited key"})
    if exchange.answer != (403, "SITE_FORBIDDEN"):
        yield exchange.complaint(f"a limited key made a site: {exchange.answered}")
    for change in changes(before, kit.state()):
        yield Complaint(f"a refused creation of a site had an effect: {change}", (exchange,))


@check("createApiKey", "listApiKeys", "authorize")
def unknown_sites_cannot_be_named(kit: Kit) -> Iterator[Complaint]:
    """A site that is absent, or not covered by the key, is 403 wherever it is named."""
    here, uncovered = (kit.resources.one(kit.live, "siteId", number) for number in (2, 1))
    holder = kit.keyring.make("limited", siteIds=[here]).api
    absent = kit.samples.absent(kit.live, "siteId")
    before, keys = kit.state(), kit.keyring.ids
    for operation in kit.operations():
        for parameter, place in kit.samples.named_things(operation):
            if parameter != "siteId":
                continue
            for api, named, what in (
                (kit.live, absent, "an absent site"),
                (holder, absent, "an absent site"),
                (holder, uncovered, "a site that the key does not cover"),
            ):
                request = _naming(kit, operation, place, named, here)
                exchange = api.ask(request)
                if exchange.answer != (403, "SITE_FORBIDDEN"):
                    yield exchange.complaint(
                        f"{operation.id} naming {what} answered {exchange.answered}"
                    )
                    continue
                details = exchange.error_member("/error/details") or {}
                pointer = f"/query/{place}" if place else _pointer_to(request, named)
                if details.get("pointer") != pointer:
                    yield exchange.complaint(f"{operation.id} does not point at {what}: {pointer}")
    for change in changes(before, kit.state(), kit.keyring.ids - keys):
        yield Complaint(f"naming a site in vain had an effect: {change}")


@check("createApiKey", "updateApiKey", "createSite")
def each_named_site_has_to_be_covered(kit: Kit) -> Iterator[Complaint]:
    """Of several sites that a request names each one has to be covered, not just the first."""
    here, uncovered = (kit.resources.one(kit.live, "siteId", number) for number in (2, 1))
    absent = kit.samples.absent(kit.live, "siteId")
    holder = kit.keyring.make("limited", siteIds=[here]).api
    victim = kit.keyring.make("at the site", siteIds=[here])
    for api, named in ((holder, uncovered), (holder, absent), (kit.live, absent)):
        both = {"siteIds": [here, named]}
        made = api("POST", KEYS, kit.keyring.body("at two sites", **both))
        for exchange in (made, api("PATCH", f"{KEYS}/{victim.id}", both)):
            pointer = (exchange.error_member("/error/details") or {}).get("pointer")
            if (*exchange.answer, pointer) != (403, "SITE_FORBIDDEN", "/siteIds/1"):
                what = f"a second site that is not covered: {exchange.answered} at {pointer}"
                yield exchange.complaint(what)


def _naming(kit: Kit, operation: Operation, place: str, named: str, covered: str) -> Request:
    """Answer a request that names a site; what it changes, if anything, lies at a covered one."""
    request = kit.samples.naming(kit.live, operation, "siteId", place, named)
    if operation.path_values:
        victim = kit.keyring.make("at the site", siteIds=[covered]).id
        ids = dict.fromkeys(operation.path_values, victim)
        plain = kit.samples.request(kit.live, operation, ids=ids)
        request = Request(request.method, plain.target, request.headers, request.body)
    return request


def _pointer_to(request: Request, named: str) -> str | None:
    """Answer where a body names a site: a member, or an item of one."""
    for member, value in json.loads(request.body).items():
        if value == named:
            return f"/{member}"
        if isinstance(value, list) and named in value:
            return f"/{member}/{value.index(named)}"
    return None


def _elsewhere(kit: Kit) -> dict[str, str]:
    """Answer, for each kind of thing, one at a site of its own."""
    site = kit.resources.one(kit.live, "siteId")
    found = {"siteId": site, "keyId": kit.keyring.make("elsewhere", siteIds=[site]).id}
    for parameter in kit.resources.collections:
        if parameter not in found:
            found[parameter] = kit.resources.one(kit.live, parameter)
    tracer = kit.contract.by_id.get(kit.profile.request_id.traced_by or "")
    for parameter in tracer.path_values if tracer else ():
        found[parameter] = kit.resources.one(kit.live, parameter)
    return found


def _limited_counts(kit: Kit, here: str) -> Iterator[Complaint]:
    keys = list(kit.keyring.pair("counted", siteIds=[here]))
    kit.keyring.make("counted elsewhere")
    exchange = keys[0].api("GET", KEYS, q=f"{kit.mark} counted")
    total = sum(exchange.json.get("counts", {}).values())
    if total != len(keys):
        yield exchange.complaint(f"a limited key counts {total} keys, and meets {len(keys)}")
