"""Visitors, employees and deliveries: what is done to them, in its order, once."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keyfob_contract.checks.registry import check
from keyfob_contract.rules.exchange import Complaint, Exchange
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import items_of
from keyfob_contract.wire.clocks import A_MOMENT
from keyfob_contract.wire.message import Request

AT_ONCE = 6
TIMES = {"check-in": "heckedInAt", "check-out": "heckedOutAt", "collect": "ollectedAt"}
"""How the members end that tell when a step was taken."""


class Course(NamedTuple):
    """What is done to a thing of one kind, and whether that is possible just then."""

    path: str
    parameter: str
    steps: Sequence[tuple[str, bool, str]]


COURSES = (
    Course(
        "/v1/visitors",
        "visitorId",
        (
            ("check-out", False, "expected"),
            ("check-in", True, "checkedIn"),
            ("check-in", False, "checkedIn"),
            ("check-out", True, "checkedOut"),
            ("check-out", False, "checkedOut"),
            ("check-in", False, "checkedOut"),
        ),
    ),
    Course(
        "/v1/employees",
        "employeeId",
        (
            ("check-out", False, "checkedOut"),
            ("check-in", True, "checkedIn"),
            ("check-in", False, "checkedIn"),
            ("check-out", True, "checkedOut"),
            ("check-in", True, "checkedIn"),
        ),
    ),
    Course(
        "/v1/deliveries",
        "deliveryId",
        (("collect", True, "collected"), ("collect", False, "collected")),
    ),
)
OPERATIONS = (
    "checkInVisitor",
    "checkOutVisitor",
    "checkInEmployee",
    "checkOutEmployee",
    "collectDelivery",
)


@check(*OPERATIONS)
def steps_are_taken_in_their_order(kit: Kit) -> Iterator[Complaint]:
    """What cannot be done in a state is 409 and changes nothing; what can be is done and lasts."""
    for path, parameter, steps in COURSES:
        one = f"{path}/{kit.resources.fresh(kit.live, parameter)}"
        before = kit.live("GET", one)
        for step, possible, status in steps:
            kit.clock.wait(A_MOMENT)
            exchange = kit.live("POST", f"{one}/{step}")
            expected = (200, None) if possible else (409, "STATE_CONFLICT")
            if exchange.answer != expected:
                yield exchange.complaint(f"{step} of a {status} one: {exchange.status}")
            status_before = {"status": before.json.get("status")}
            if not possible and exchange.error_member("/error/details") != status_before:
                yield exchange.complaint(f"details do not tell of just {status_before}")
            seen = kit.live("GET", one)
            if seen.json.get("status") != status:
                yield seen.complaint(f"after {step} the status is {seen.json.get('status')}")
            if possible and seen.json != exchange.json:
                yield Complaint(f"{step} answered another thing than is there", (exchange, seen))
            yield from _changed(before, seen, step if possible else None)
            before = seen


def _changed(before: Exchange, after: Exchange, step: str | None) -> Iterator[Complaint]:
    """Hold what a step has changed against what it may: the status, and the times of just that."""
    names = before.json.keys() | after.json.keys()
    differing = {name for name in names if before.json.get(name) != after.json.get(name)}
    times = {name for name in names if step is not None and name.endswith(TIMES[step])}
    expected = {"status", "updatedAt", *times} if step is not None else set[str]()
    if differing != expected:
        what = f"{step or 'what was refused'} changed {sorted(differing)}, not {sorted(expected)}"
        yield Complaint(what, (before, after))


@check("createApiKey", "createVisitor", "createEmployee", "createDelivery")
def creations_are_as_they_were_asked_for(kit: Kit) -> Iterator[Complaint]:
    """What is made tells what was asked for, whose it is, and who made it; all else is null."""
    maker = kit.keyring.make("who makes")
    origin = {
        "organizationId": maker.record["organizationId"],
        "createdBy": {"type": "apiKey", "id": maker.id},
    }
    for path, _, _ in COURSES:
        operation = next(o for o in kit.contract.operations if (o.method, o.path) == ("POST", path))
        schema = operation.body.schema if operation.body else {}
        whole = kit.resources.body(kit.live, operation)
        required = {name: whole[name] for name in schema["required"]}
        nothing = dict.fromkeys(schema["properties"].keys() - required.keys())
        made = maker.api.ask(Request("POST", path).with_json(required))
        seen = kit.live("GET", f"{path}/{kit.adopt(operation, made, kit.live)}")
        for exchange in (made, seen):
            for name, value in {**nothing, **required, **origin}.items():
                told = exchange.json.get(name, "missing")
                if told != value and not name.endswith("At"):
                    yield exchange.complaint(f"{operation.id}: {name} is {told!r}, not {value!r}")


@check(*OPERATIONS, "createApiKey", "createVisitor", "createEmployee", "createDelivery")
def limited_keys_work_at_their_site(kit: Kit) -> Iterator[Complaint]:
    """At its own site a limited key makes entries, meets them, and takes every step."""
    here = kit.resources.one(kit.live, "siteId", 2)
    limited = kit.keyring.make("works at a site", siteIds=[here]).api
    for path, _, steps in COURSES:
        operation = next(o for o in kit.contract.operations if (o.method, o.path) == ("POST", path))
        body = kit.resources.body(kit.live, operation) | {"siteId": here}
        made = limited("POST", path, body)
        if made.status != operation.success:
            yield made.complaint(f"{operation.id} at the key's own site was {made.answered}")
            continue
        one = kit.adopt(operation, made, kit.live)
        told = [limited("GET", f"{path}/{one}")]
        told += [limited("POST", f"{path}/{one}/{s}") for s, possible, _ in steps if possible]
        for exchange in told:
            if exchange.status != 200:
                what = f"{exchange.request.method} {exchange.operation_id}"
                yield exchange.complaint(f"{what} at the key's own site was {exchange.answered}")
        page = limited("GET", path)
        if one not in {item.get("id") for item in items_of(page.json)}:
            yield Complaint(f"{path} does not show what lies at the key's site", (made, page))


@check(*OPERATIONS, "createVisitor")
def repeated_creations_answer_as_the_first_time(kit: Kit) -> Iterator[Complaint]:
    """Under its Idempotency-Key a creation answers its first reply, whatever was done since."""
    for path, _, steps in COURSES:
        maker = next(o for o in kit.contract.operations if (o.method, o.path) == ("POST", path))
        request = kit.samples.request(kit.live, maker)
        request = request.with_headers(("Idempotency-Key", kit.token()))
        first = kit.live.ask(request)
        made = kit.adopt(maker, first)
        kit.live("POST", f"{path}/{made}/{next(step for step, possible, _ in steps if possible)}")
        again = kit.live.ask(request)
        if (again.status, again.json) != (first.status, first.json):
            yield Complaint(f"{maker.id} answered another reply the second time", (first, again))


@check(*OPERATIONS)
def of_many_at_once_one_takes_the_step(kit: Kit) -> Iterator[Complaint]:
    """Of many check-ins or collections of one thing at once exactly one is done."""
    for path, parameter, steps in COURSES:
        step = next(step for step, possible, _ in steps if possible)
        one = f"{path}/{kit.resources.fresh(kit.live, parameter)}"
        told = kit.live.ask_together([Request("POST", f"{one}/{step}")] * AT_ONCE)
        done = [exchange for exchange in told if exchange.status == 200]
        if len(done) != 1:
            shown = tuple((done or told)[:2])
            yield Complaint(f"{len(done)} of {AT_ONCE} at once did {step}", shown)
