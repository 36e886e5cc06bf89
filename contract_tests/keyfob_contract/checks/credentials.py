"""Every operation, with every kind of credential that must not let anybody in."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint, Exchange, spelt
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import changes
from keyfob_contract.run.vault import State
from keyfob_contract.wire.message import Request

GUESSES = frozenset({State.UNKNOWN, State.DELETED})
"""Values that nobody holds: an address may send them only so often, and 429 is a refusal, too."""


@check()
def no_key_is_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses a request without a key, and tells nothing else of it."""
    yield from _refused_everywhere(kit, State.NONE)
    for operation in kit.operations():
        bad = kit.samples.request(kit.live, operation).with_query(kit="1")
        exchange = kit.nobody.ask(bad)
        if exchange.status != 401:
            yield exchange.complaint(f"{operation.id} judged input that came without a key")


@check()
def malformed_key_is_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses what is no key at all."""
    return _refused_everywhere(kit, State.MALFORMED)


@check()
def mistyped_key_is_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses a key of which one character is mistaken."""
    return _refused_everywhere(kit, State.MISTYPED)


@check()
def unknown_key_is_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses a well-formed key that was never issued."""
    return _refused_everywhere(kit, State.UNKNOWN)


@check()
def rotated_value_is_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses the value that a rotation replaced."""
    return _refused_everywhere(kit, State.ROTATED)


@check()
def revoked_key_is_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses a revoked key."""
    return _refused_everywhere(kit, State.REVOKED)


@check()
def deleted_key_is_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses the value of a deleted key."""
    return _refused_everywhere(kit, State.DELETED)


@check()
def expired_key_is_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses a key past its expiry."""
    return _refused_everywhere(kit, State.EXPIRED)


@check()
def key_in_the_url_is_refused(kit: Kit) -> Iterator[Complaint]:
    """No operation takes a key from the query string: URLs end up in logs."""
    return _refused_everywhere(kit, State.IN_URL)


@check()
def two_credentials_are_refused(kit: Kit) -> Iterator[Complaint]:
    """Every operation refuses a request with two credentials, even if both are good."""
    return _refused_everywhere(kit, State.DOUBLED)


@check()
def each_header_carries_a_key(kit: Kit) -> Iterator[Complaint]:
    """A live key works in each of the headers that may carry it."""
    prove = kit.contract.by_id.get(kit.profile.keys.prove or "")
    if prove is None:
        raise NotChecked("the contract has no operation that any live key may call")
    for way in range(len(kit.profile.credentials.headers)):
        request = kit.samples.request(kit.live, prove)
        header = kit.profile.credentials.header(kit.runner.value, way)
        name = kit.profile.request_id.header
        known = kit.live.ask(request).header(name or "") or f"{kit.mark}-chosen"
        own_id = ((name, known),) if name else ()  # which is nobody's to choose
        exchange = kit.inspector.ask(request.with_headers(header, *own_id))
        if exchange.status != prove.success:
            yield exchange.complaint(f"a live key in {header[0]} was answered {exchange.status}")
        elif kit.runner.id not in exchange.reply.body.decode("utf-8", "replace"):
            yield exchange.complaint(f"{prove.id} answers another key than the one that calls")


def _refused_everywhere(kit: Kit, state: State) -> Iterator[Complaint]:
    credentials = kit.dead.credentials(state)
    operations = kit.operations()
    # Of several ways to send it each operation meets one, and each way several operations.
    ways = [credentials[number % len(credentials)] for number in range(len(operations))]
    requests = [
        credential.on(kit.samples.request(kit.live, operation))
        for operation, credential in zip(operations, ways, strict=True)
    ]
    before = kit.state()
    tried = kit.inspector.ask_together(requests)
    for operation, credential, exchange in zip(operations, ways, tried, strict=True):
        if exchange.answer != (401, credential.code) and not _is_throttled(exchange, state):
            yield exchange.complaint(
                f"{operation.id} answered {exchange.answered}, not"
                f" {spelt((401, credential.code))}, to {credential.spelt}"
            )
    yield from _too_large(kit, requests)
    for change in changes(before, kit.state()):
        yield Complaint(f"a refused request had an effect: {change}", tuple(tried[-5:]))


def _too_large(kit: Kit, requests: Sequence[Request]) -> Iterator[Complaint]:
    most = kit.profile.strictness.max_body_bytes
    if most is None or not kit.profile.strictness.early_refusals:
        return
    large = [replace(request.with_json({}), body=b" " * (most + 1)) for request in requests]
    for exchange in kit.inspector.ask_together(large):
        if exchange.status != 413:
            yield exchange.complaint(f"{exchange.status}, not 413, to a body of {most + 1} bytes")


def _is_throttled(exchange: Exchange, state: State) -> bool:
    return state in GUESSES and exchange.status == 429
