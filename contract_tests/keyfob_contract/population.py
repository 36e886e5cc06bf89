"""Keys and sites for generated requests to meet: real, in every state, never the run's own."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from keyfob_contract.clocks import Clock
from keyfob_contract.credentials import KEYS, expire, remove
from keyfob_contract.inspector import Api
from keyfob_contract.spec import Document
from keyfob_contract.target import Request

SITES = "/v1/sites"
_FILLER = "0"  # what Schemathesis sends for an If-Match that a case is not about; it is no tag
_VALUE_EXAMPLE = "#/components/schemas/Verification/properties/key/example"
CURSOR_PLACEHOLDER = "the-cursor-after-the-first-item"
FEWEST_PER_STATUS = 2
SHARE_OF_FITTING = 0.7  # the rest meets refusals
MOST = 24
SITE_COUNT = 3

_ENTRIES = {
    "VisitorId": ("/v1/visitors", {"name": "kit", "expectedAt": "2026-03-02T09:00:00Z"}),
    "EmployeeId": ("/v1/employees", {"name": "kit", "email": "kit@example.com"}),
    "DeliveryId": ("/v1/deliveries", {"recipientName": "kit", "carrier": "kit"}),
}
_SUCCEEDS_ON = {
    "updateApiKey": "active",
    "rotateApiKey": "active",
    "reactivateApiKey": "revoked",
    "deleteApiKey": "revoked",
}


@dataclass(frozen=True)
class VisibleState:
    """What a run can see of the effects of requests: the latest keys, all counts, the latest sites.

    One page of each: a run keeps fewer keys than a page holds, and sites never change.
    """

    keys: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    sites: tuple[Mapping[str, Any], ...]


def visible_state(api: Api) -> VisibleState:
    """Look at everything; what looking itself changes is left out."""
    keys = api.must(200, "GET", KEYS, limit=100)
    sites = api.must(200, "GET", SITES, limit=100)
    for key in keys["data"]:
        # Use changes these, by design: looking is a use too, and refused ones are spoken of.
        del key["advisories"], key["lastUsedAt"]
    return VisibleState(tuple(keys["data"]), keys["counts"], tuple(sites["data"]))


@dataclass(frozen=True)
class Bystanders:
    """What belongs to the run and may be spoken of, for it cannot be damaged by that.

    Attributes:
        request_ids: of requests whose traces stay.
        values: of keys alive and dead, to be judged.
    """

    request_ids: tuple[str, ...]
    values: tuple[str, ...]


class Population:
    """Real ids in the places where the spec has example ids.

    Generators copy the spec's examples, so the substitution happens as late as possible: what is
    generated depends on the seed alone, and what it meets is alive.
    """

    def __init__(
        self,
        api: Api,
        spec: Mapping[str, Any],
        clock: Clock,
        rng: random.Random,
        bystanders: Bystanders,
    ) -> None:
        document = Document(spec)
        parameters = document.at("#/components/parameters")
        self._bystanders = bystanders
        self._value_example: str = document.at(_VALUE_EXAMPLE)
        self._request_example: str = parameters["TracedRequestId"]["example"]
        self._idempotency_example: str = parameters["IdempotencyKey"]["example"]
        self._etag_example: str = parameters["IfMatch"]["example"]
        self._api = api
        self._own_id: str = api.must(200, "GET", f"{KEYS}/current")["id"]
        self._rng = rng
        self._key_example: str = parameters["KeyId"]["example"]
        self._site_example: str = parameters["SiteId"]["example"]
        self._entry_examples = {kind: parameters[kind]["example"] for kind in _ENTRIES}
        self._entries: dict[str, str] = {}
        self._sites = [self._make_site(number) for number in range(SITE_COUNT)]
        self._status_by_id: dict[str, str] = {}
        self._cursors: set[str] = set()
        for _ in range(FEWEST_PER_STATUS):
            key_id = self._make_key()
            expire(api, key_id, clock)

    def substitute(self, request: Request, operation_id: str) -> Request:
        """Answer the request with real ids and a real cursor."""
        key_id = self._key_for(operation_id)
        site_id = self._rng.choice(self._sites)
        target = request.target.replace(self._key_example, key_id)
        target = target.replace(self._site_example, site_id)
        for kind, example in self._entry_examples.items():
            if example in target:
                target = target.replace(example, self._entry_for(kind, operation_id))
        request_id = self._rng.choice(self._bystanders.request_ids)
        target = target.replace(self._request_example, request_id)
        body = request.body.replace(self._site_example.encode(), site_id.encode())
        value = self._rng.choice(self._bystanders.values)
        body = body.replace(self._value_example.encode(), value.encode())
        request = replace(request, target=target, body=body)
        request = self._with_fitting_headers(request)
        return self._with_real_cursor(request) if CURSOR_PLACEHOLDER in target else request

    def trusts_cursor_of(self, request: Request) -> bool:
        """Say whether the request's cursor, if any, came from the implementation itself."""
        cursors = [value for name, value in parse_qsl(request.query) if name == "cursor"]
        return all(cursor in self._cursors for cursor in cursors)

    def tend(self, state: VisibleState) -> bool:
        """Keep some keys in each state and not too many; say whether that changed anything.

        A key belongs here if the run's own key made it, be it by a generated request.
        """
        keys = [key for key in state.keys if key["createdBy"]["id"] == self._own_id]
        surplus = [key["id"] for key in keys[MOST:]]
        for key_id in surplus:
            remove(self._api, key_id)
        self._status_by_id = {key["id"]: key["status"] for key in keys[:MOST]}
        compromised = frozenset(k["id"] for k in keys if k["revokedReason"] == "compromised")
        filled = [self._fill("active"), self._fill("revoked", but=compromised)]
        return bool(surplus) or any(filled)

    def clear(self) -> None:
        """Delete all keys that can be deleted; sites cannot."""
        for key_id in self._status_by_id:
            remove(self._api, key_id)

    def _fill(self, status: str, but: frozenset[str] = frozenset()) -> bool:
        alike = [i for i, s in self._status_by_id.items() if s == status and i not in but]
        missing = FEWEST_PER_STATUS - len(alike)
        for _ in range(missing):
            key_id = self._make_key()
            self._status_by_id[key_id] = status
            if status == "revoked":
                self._api.must(200, "POST", f"{KEYS}/{key_id}/revoke", {"reason": "temporary"})
        return missing > 0

    def _key_for(self, operation_id: str) -> str:
        wanted = _SUCCEEDS_ON.get(operation_id)
        fitting = [key_id for key_id, status in self._status_by_id.items() if status == wanted]
        if fitting and self._rng.random() < SHARE_OF_FITTING:
            return self._rng.choice(fitting)
        return self._rng.choice(list(self._status_by_id) or [self._key_example])

    def _entry_for(self, kind: str, operation_id: str) -> str:
        """Answer a visitor, an employee or a delivery on which this succeeds, mostly."""
        if kind not in self._entries or self._rng.random() < SHARE_OF_FITTING:
            path, members = _ENTRIES[kind]
            body = {"siteId": self._rng.choice(self._sites), **members}
            self._entries[kind] = self._api.must(201, "POST", path, body)["id"]
            if operation_id.startswith("checkOut"):
                self._api.must(200, "POST", f"{path}/{self._entries[kind]}/check-in")
        return self._entries[kind]

    def _with_fitting_headers(self, request: Request) -> Request:
        """Put the tag in force and a new Idempotency-Key in the places of the examples, mostly."""
        if self._rng.random() >= SHARE_OF_FITTING:
            return request
        fitting: list[tuple[str, str]] = []
        for name, value in request.headers:
            match name.lower():
                case "if-match" if value in {self._etag_example, _FILLER}:
                    fitting.append((name, self._tag_for(request) or value))
                case "idempotency-key" if value == self._idempotency_example:
                    fitting.append((name, f"kit-{self._rng.getrandbits(64):x}"))
                case _:
                    fitting.append((name, value))
        return replace(request, headers=tuple(fitting))

    def _tag_for(self, request: Request) -> str | None:
        tag = self._api("GET", request.path).header("etag")
        return tag and self._rng.choice([tag, tag, tag, "*", f'"0", {tag}', f"W/{tag}"])

    def _with_real_cursor(self, request: Request) -> Request:
        pairs = [pair for pair in request.query.split("&") if not pair.startswith("cursor=")]
        others = [pair for pair in pairs if not pair.startswith("limit=")]
        first = Request("GET", f"{request.path}?{'&'.join([*others, 'limit=1'])}")
        reply = self._api.inspector.send(first.with_headers(self._api.credentials))
        cursor = reply.json["nextCursor"] if reply.status == 200 else None
        if cursor is None:
            return replace(request, target=f"{request.path}?{'&'.join(pairs)}".removesuffix("?"))
        self._cursors.add(cursor)
        return replace(request, target=request.target.replace(CURSOR_PLACEHOLDER, cursor))

    def _make_key(self) -> str:
        body = {
            "name": "kit-population",
            "scopes": self._rng.sample(["visitors:read", "keys:read", "sites:read"], 2),
            "siteIds": self._rng.choice([["*"], [self._rng.choice(self._sites)]]),
        }
        return self._api.must(201, "POST", KEYS, body)["id"]

    def _make_site(self, number: int) -> str:
        return self._api.must(201, "POST", SITES, {"name": f"kit-site-{number}"})["id"]
