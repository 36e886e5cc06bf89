"""What happens at once: exactly one wins, and nobody comes too late."""

from collections.abc import Iterator
from dataclasses import replace

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.rules.paths import CURRENT, KEYS
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.vault import State
from keyfob_contract.wire.message import Request

AT_ONCE = 8
ROUNDS = 3
TWINS = 4


@check("createApiKey", "rotateApiKey", "getCurrentApiKey")
def concurrent_rotations_leave_one_value(kit: Kit) -> Iterator[Complaint]:
    """Of many rotations at once every one hands out a value, and exactly one of those is alive."""
    key = kit.keyring.make("contended")
    rotate = Request("POST", f"{KEYS}/{key.id}/rotate")
    told = kit.live.ask_together([rotate] * AT_ONCE)
    rotations = sorted(told, key=lambda e: e.json.get("secretVersion", 0))
    values = [str(e.json["key"]) for e in rotations if e.status == 200 and "key" in e.json]
    for value in values[:-1]:
        kit.vault.mark(value, State.ROTATED)
    for value in values[-1:]:
        kit.vault.mark(value, State.LIVE)
    uses = [kit.live.with_value(value)("GET", CURRENT) for value in (key.value, *values)]
    alive = [use for use in uses if use.status == 200]
    if len(alive) != 1:
        yield Complaint(
            f"{len(alive)} values are alive after {AT_ONCE} rotations at once", tuple(told)
        )
    if len(set(values)) != AT_ONCE:
        yield Complaint(
            f"{AT_ONCE} rotations at once handed out {len(set(values))} values", tuple(told)
        )


@check("createApiKey", "listApiKeys")
def concurrent_creations_with_one_idempotency_key_make_one(kit: Kit) -> Iterator[Complaint]:
    """Of many creations at once with one Idempotency-Key exactly one creates."""
    body, token = kit.keyring.body("twins"), kit.token()
    create = Request("POST", KEYS, (("Idempotency-Key", token),)).with_json(body)
    told = kit.live.ask_together([create] * AT_ONCE)
    made = [exchange for exchange in told if exchange.status == 201]
    for exchange in made:
        kit.keyring.adopt(exchange)
    page = kit.live("GET", KEYS, q=body["name"])
    if len(made) != 1 or len(page.json.get("data", ())) != 1:
        count = len(page.json.get("data", ()))
        yield Complaint(f"{AT_ONCE} creations at once made {count} keys", (*told, page))
    if any((e.status, e.code) != (409, "IDEMPOTENCY_CONFLICT") for e in told if e not in made):
        yield Complaint("a twin was told something else than that it is one", tuple(told))


@check()
def twins_get_the_first_reply(kit: Kit) -> Iterator[Complaint]:
    """Of many creations at once with one Idempotency-Key all get the reply of the one made."""
    tried = 0
    for operation in kit.operations():
        if "idempotency-key" not in operation.headers or operation.id == kit.profile.keys.mint:
            continue
        tried += 1
        once = ("Idempotency-Key", kit.token())
        request = kit.samples.request(kit.live, operation).with_headers(once)
        told = kit.live.ask_together([request] * TWINS)
        for one in {
            str(e.json.get("id")): e for e in told if e.status == operation.success
        }.values():
            kit.adopt(operation, one)
        if any((e.status, e.json) != (operation.success, told[0].json) for e in told):
            yield Complaint(
                f"{operation.id}: {TWINS} twins at once were not answered alike", tuple(told)
            )
    if not tried:
        raise NotChecked("no creation of the contract takes an Idempotency-Key")


@check("createApiKey", "updateApiKey")
def of_many_edits_at_once_one_meets_its_tag(kit: Kit) -> Iterator[Complaint]:
    """Of many edits at once with one If-Match exactly one is made."""
    key = kit.keyring.make("edited at once")
    tag = kit.live("GET", f"{KEYS}/{key.id}").header("etag") or ""
    edits = [
        Request("PATCH", f"{KEYS}/{key.id}", (("If-Match", tag),)).with_json({"description": text})
        for text in "abcdefgh"
    ]
    told = kit.live.ask_together(edits)
    statuses = sorted(exchange.status for exchange in told)
    if statuses != [200, *[412] * (len(edits) - 1)]:
        yield Complaint(f"{len(edits)} edits at once with one tag got {statuses}", tuple(told[:2]))


@check("createApiKey", "revokeApiKey", "getCurrentApiKey")
def no_use_succeeds_after_the_reply_to_revoke(kit: Kit) -> Iterator[Complaint]:
    """A key in use as it is revoked is refused by every request begun after the reply."""
    use = Request("GET", CURRENT)
    for number in range(ROUNDS):
        key = kit.keyring.make(f"in use {number}")
        mixed = [use.with_headers(*key.api.headers)] * AT_ONCE
        revoke = Request("POST", f"{KEYS}/{key.id}/revoke").with_headers(*kit.live.headers)
        told = kit.inspector.ask_together([*mixed[: AT_ONCE // 2], revoke, *mixed[AT_ONCE // 2 :]])
        if told[AT_ONCE // 2].status != 200:
            yield told[AT_ONCE // 2].complaint("a key in use could not be revoked")
        for late in key.api.ask_together([replace(use)] * AT_ONCE):
            if late.status != 401:
                yield late.complaint("a key was used after the reply to its revocation")
