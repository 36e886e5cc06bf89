"""Strict input: whatever the contract does not know is refused, and changes nothing."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from keyfob_contract.checks.mutations import Mutation, Mutations
from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.rules.spec import Operation, Parameter
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import changes
from keyfob_contract.wire.message import Request

BAD_JSON: dict[str, bytes] = {
    "half a document": b'{"name": "a"',
    "no document": b"nothing",
    "a byte that is no UTF-8": b'{"name": "\xff"}',
    "a member twice": b'{"name": "a", "name": "a"}',
    "a member twice within": b'{"name": {"a": 1, "a": 2}}',
    "NaN": b'{"name": NaN}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "something after its end": b'{"name": "a"} x',
}
HOSTILE_JSON: dict[str, bytes] = {
    "brackets a thousand deep": b'{"name": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "a number of five thousand digits": b'{"name": ' + b"7" * 5000 + b"}",
}
PAST = "2001-01-01T00:00:00Z"


@check()
def unknown_members_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A member that the contract does not know is 400, with a pointer to it."""
    return _mutated(kit, Mutations.unknown_member)


@check()
def missing_members_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A body without a required member is 400, with a pointer to it."""
    return _mutated(kit, Mutations.missing_member)


@check()
def wrong_types_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A member of another type than the contract gives it is 400, with a pointer to it."""
    return _mutated(kit, Mutations.wrong_type)


@check()
def bounds_are_kept(kit: Kit) -> Iterator[Complaint]:
    """What is too long, short, large or small, or unlisted is 400, with a pointer to it."""
    return _mutated(kit, Mutations.out_of_bounds)


@check()
def control_characters_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A text with a control character is 400, with a pointer to it."""
    return _mutated(kit, Mutations.control_character)


@check()
def repeated_items_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A set that holds something twice is 400, with a pointer to it."""
    return _mutated(kit, Mutations.repeated_item)


@check()
def odd_items_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A list with an item that may not be in it is 400, with a pointer to it."""
    return _mutated(kit, Mutations.odd_item)


@check()
def all_problems_are_named_at_once(kit: Kit) -> Iterator[Complaint]:
    """Of a body and a query with many problems every one is named; a missing body is one."""
    if kit.profile.errors.fields is None:
        raise NotChecked("the profile does not say where an error lists its problems")
    is_strict = kit.profile.strictness.unknown_parameters
    for operation, request, mutations in _bodies(kit):
        body, pointers = mutations.everything()
        bad = request.with_json(body)
        if is_strict:
            bad, pointers = bad.with_query(kit="1"), pointers | {"/query/kit"}
        yield from _all_named(operation, kit.live.ask(bad), pointers)
        if operation.body_required and is_strict:
            bad = replace(request, body=b"").with_query(kit="1")
            yield from _all_named(operation, kit.live.ask(bad), {"", "/query/kit"})
    for operation in kit.operations() if is_strict else ():
        wrong = {
            rule.name: text
            for rule in operation.query.values()
            for _, text in list(_bad_values(rule))[:1]
        }
        bad = kit.samples.harmless(kit.live, operation).with_query(**wrong, kit="1")
        pointers = {f"/query/{name}" for name in (*wrong, "kit")}
        if wrong:
            yield from _all_named(operation, kit.live.ask(bad), pointers)


@check()
def past_expiry_is_refused(kit: Kit) -> Iterator[Complaint]:
    """A time to come that has passed is 400."""
    found = False
    for operation, request, mutations in _bodies(kit):
        for name, schema in mutations.members.items():
            if schema.get("x-must-be-future"):
                found = True
                good = mutations.good
                exchange = kit.live.ask(request.with_json({**good, name: PAST}))
                yield from _not_refused(operation, exchange, f"{name} in the past", f"/{name}")
    if not found:
        raise NotChecked("nothing in the contract has to be a time to come")


@check()
def ambiguous_json_is_refused(kit: Kit) -> Iterator[Complaint]:
    """What is no JSON in UTF-8, or not unambiguous, is 400."""
    _demand_strict_json(kit)
    for operation, request, _ in _bodies(kit):
        for what, text in BAD_JSON.items():
            exchange = kit.live.ask(replace(request.with_json({}), body=text))
            if exchange.status != 400:
                yield exchange.complaint(f"{operation.id} took {what}: {exchange.status}")
            elif exchange.code not in {None, "MALFORMED_JSON"}:
                yield exchange.complaint(f"{operation.id} called {what} {exchange.code}")
        for what, text in HOSTILE_JSON.items():
            exchange = kit.live.ask(replace(request.with_json({}), body=text))
            if exchange.status != 400:
                yield exchange.complaint(f"{operation.id} answered {what} with {exchange.status}")


@check()
def other_media_types_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A body that is not labelled as JSON is 415, on every operation."""
    _demand_strict_json(kit)
    for operation in kit.operations(needing_a_key=False):
        request = kit.samples.harmless(kit.live, operation)
        plain = replace(request, headers=(("Content-Type", "text/plain"),), body=b"{}")
        exchange = kit.asker(operation).ask(plain)
        if exchange.status != 415:
            yield exchange.complaint(f"{operation.id} answered text/plain with {exchange.status}")


@check()
def nothing_is_taken_where_no_body_belongs(kit: Kit) -> Iterator[Complaint]:
    """An operation without a body takes an empty object as nothing, and is 400 to anything else."""
    _demand_strict_schemas(kit)
    _demand_strict_json(kit)
    for operation in kit.operations():
        if operation.is_safe or operation.body is not None or operation.body_required:
            continue
        request = kit.samples.harmless(kit.live, operation)
        plain = replace(request, headers=(), body=b"")
        told = kit.live.ask_together([plain, plain.with_json({}), plain.with_json({"kit": 1})])
        nothing, empty, something = told
        if empty.answer != nothing.answer:
            yield empty.complaint(f"{operation.id} answered an empty object {empty.answered}")
        yield from _not_refused(operation, something, "a body where none belongs", "/kit")


@check()
def bad_headers_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A header that is beyond its schema, or comes twice, is 400, and nothing happens."""
    _demand_strict_schemas(kit)
    bodies = [(operation, request) for operation, request, _ in _bodies(kit) if operation.headers]
    if not bodies:
        raise NotChecked("no operation with a body takes a header")
    before = kit.state()
    for operation, request in bodies:
        for name, rule in operation.headers.items():
            long = "x" * (rule.schema.get("maxLength", 0) + 1)
            alone = [each for each in (long, "with a blank") if not rule.validator.is_valid(each)]
            bad = [request.with_headers((name, text)) for text in alone]
            for exchange in kit.live.ask_together(bad + _twice(request, rule)):
                if exchange.status not in kit.profile.strictness.invalid:
                    sent = [value for each, value in exchange.request.headers if each == name]
                    text = f"{operation.id} took {name}: {' and '.join(sent)[:40]}"
                    yield exchange.complaint(f"{text} ({exchange.answered})")
    for change in changes(before, kit.state()):
        yield Complaint(f"a request with a bad header had an effect: {change}")


@check()
def long_bodies_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A body of the greatest length is read, and one of a byte more is 413, on every operation."""
    most = kit.profile.strictness.max_body_bytes
    if most is None:
        raise NotChecked("the profile names no greatest length of a body")
    for operation in kit.operations(needing_a_key=False):
        api = kit.asker(operation)
        request = kit.samples.harmless(kit.live, operation).with_json({})
        for length, wrong in ((most, 413), (most + 1, None)):
            exchange = api.ask(replace(request, body=b"{}".ljust(length)))
            if exchange.status == wrong or (wrong is None and exchange.status != 413):
                yield exchange.complaint(f"{operation.id}: {exchange.status} to {length} bytes")


@check()
def unknown_parameters_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A query parameter that the operation does not know is 400, on every operation."""
    _demand_strict_queries(kit)
    for operation in kit.operations(needing_a_key=False):
        # The second is what some add so that nothing answers from memory.
        for name, value in (("kit", "1"), ("_", "1"), ("blank", "")):
            request = kit.samples.harmless(kit.live, operation).with_query(**{name: value})
            exchange = kit.asker(operation).ask(request)
            yield from _not_refused(operation, exchange, f"?{name}=", f"/query/{name}")


@check()
def repeated_parameters_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A query parameter that comes twice is 400: nobody can tell which one is meant."""
    _demand_strict_queries(kit)
    for operation, rule in _queries(kit):
        good = {rule.name: rule.example if rule.example is not None else "1"}
        request = kit.samples.harmless(kit.live, operation).with_query(**good).with_query(**good)
        exchange = kit.live.ask(request)
        what = f"{rule.name} twice"
        yield from _not_refused(operation, exchange, what, f"/query/{rule.name}")


@check()
def bad_parameters_are_refused(kit: Kit) -> Iterator[Complaint]:
    """A query parameter beyond its schema is 400, with a pointer to it."""
    _demand_strict_schemas(kit)
    for operation, rule in _queries(kit):
        for what, text in _bad_values(rule):
            if rule.is_text and rule.validator.is_valid(text):
                continue
            request = kit.samples.harmless(kit.live, operation).with_query(**{rule.name: text})
            exchange = kit.live.ask(request)
            named = f"{rule.name} {what}"
            yield from _not_refused(operation, exchange, named, f"/query/{rule.name}")


def _mutated(kit: Kit, mutate: Callable[[Mutations], Iterator[Mutation]]) -> Iterator[Complaint]:
    _demand_strict_schemas(kit)
    bodies = list(_bodies(kit))
    before = kit.state()
    tried = 0
    for operation, request, mutations in bodies:
        is_valid = operation.body.validator.is_valid if operation.body else None
        bad = [each for each in mutate(mutations) if is_valid and not is_valid(each.body)]
        tried += len(bad)
        told = kit.live.ask_together([request.with_json(each.body) for each in bad])
        for mutation, exchange in zip(bad, told, strict=True):
            yield from _not_refused(operation, exchange, mutation.what, mutation.pointer)
    if not tried:
        raise NotChecked("no body of the contract can be wrong in this way")
    for change in changes(before, kit.state()):
        yield Complaint(f"refused input had an effect: {change}")


def _not_refused(
    operation: Operation, exchange: Exchange, what: str, pointer: str
) -> Iterator[Complaint]:
    invalid = exchange.contract.profile.strictness.invalid
    if exchange.status not in invalid:
        wanted = " or ".join(map(str, invalid))
        text = f"{operation.id} answered {exchange.status}, not {wanted}, to {what}"
        yield exchange.complaint(text)
    elif exchange.contract.profile.errors.fields and not _points_at(exchange, pointer):
        yield exchange.complaint(f"{operation.id} does not point at {pointer}, which is {what}")


def _all_named(
    operation: Operation, exchange: Exchange, pointers: AbstractSet[str]
) -> Iterator[Complaint]:
    if missing := pointers - _pointers(exchange):
        named = ", ".join(each or "the body itself" for each in sorted(missing))
        yield exchange.complaint(f"{operation.id} does not name the problem at {named}")


def _twice(request: Request, rule: Parameter) -> list[Request]:
    """Answer the request with a header twice, each time with what would be good alone."""
    good = rule.invented if rule.example is None else rule.example
    return [request.with_headers((rule.name.lower(), str(good)), (rule.name.lower(), str(good)))]


def _points_at(exchange: Exchange, pointer: str) -> bool:
    """Say whether some problem is at a place, or within it."""
    return any(f"{each}/".startswith(f"{pointer}/") for each in _pointers(exchange))


def _pointers(exchange: Exchange) -> frozenset[str]:
    problems = exchange.error_member(exchange.contract.profile.errors.fields)
    if not isinstance(problems, list):
        return frozenset()
    return frozenset(str(p.get("pointer")) for p in problems if isinstance(p, dict))


def _bodies(kit: Kit) -> Iterator[tuple[Operation, Request, Mutations]]:
    """Answer each operation that takes an object, a request that can do no harm, and what to spoil.

    What is named in the path is absent, so that input that should be refused meets nothing.
    """
    for operation in kit.operations():
        good = kit.resources.body(kit.live, operation)
        if operation.body is None or not isinstance(good, dict):
            continue
        ids = {name: kit.samples.absent(kit.live, name) for name in operation.path_values}
        request = kit.samples.request(kit.live, operation, ids=ids)
        yield operation, request, Mutations(kit.contract.document, operation.body.schema, good)


def _queries(kit: Kit) -> Iterator[tuple[Operation, Parameter]]:
    for operation in kit.operations():
        for rule in operation.query.values():
            yield operation, rule


def _bad_values(rule: Parameter) -> Iterator[tuple[str, str]]:
    schema = rule.schema
    if schema.get("minLength") or "enum" in schema or rule.is_integer or "format" in schema:
        yield "empty", ""
    if rule.is_integer:
        yield from (("as 1_0", "1_0"), ("as ١", "١"), ("with a blank", " 1"), ("as 1.0", "1.0"))
        if "minimum" in schema:
            yield "too small", str(schema["minimum"] - 1)
        if "maximum" in schema:
            yield "too large", str(schema["maximum"] + 1)
    elif "enum" in schema:
        yield "unlisted", "kit-no-such-thing"
    elif schema.get("format") == "date-time":
        yield from (("no time", "tomorrow"), ("without a zone", "2026-01-01T00:00:00"))
    elif "maxLength" in schema:
        yield "too long", "x" * (schema["maxLength"] + 1)
        yield "with a control character", "a\x00b"


def _demand_strict_schemas(kit: Kit) -> None:
    if not kit.profile.strictness.schemas:
        raise NotChecked("the profile does not promise that input is held to its schemas")


def _demand_strict_json(kit: Kit) -> None:
    if not kit.profile.strictness.json_only:
        raise NotChecked("the profile does not promise that only unambiguous JSON is taken")


def _demand_strict_queries(kit: Kit) -> None:
    if not kit.profile.strictness.unknown_parameters:
        raise NotChecked("the profile does not promise that unknown parameters are refused")
