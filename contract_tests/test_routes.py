"""Nothing is open but what is meant to be: every route is walked, in the spec and outside it."""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import flask
import pytest
from connexion import FlaskApp

from keyfob.app import create_app
from keyfob.domain.opening import open_keyfob
from keyfob.gate.asgi import Gate
from keyfob.gate.operation import Operation
from keyfob.settings import Settings
from keyfob_contract.clocks import SteppingClock
from keyfob_contract.target import AsgiTarget, Request

OPEN_ON_PURPOSE = frozenset({"getLiveness", "getReadiness"})


def open_routes(operations: Iterable[Operation], flask_app: flask.Flask) -> set[str]:
    """Answer whatever can be reached without a key: operations by id, other routes by their rule.

    A route of Flask's own is guarded if the gate leads to it, as an operation that needs a key.
    """
    known = {(o.method, _shape(o.path)): o for o in operations}
    found = {o.id for o in known.values() if not o.needs_key}
    for rule in flask_app.url_map.iter_rules():
        for method in (rule.methods or set[str]()) - {"HEAD", "OPTIONS"}:
            if (method, _shape(rule.rule)) not in known:
                found.add(f"{method} {rule.rule}")
    return found


def _shape(path: str) -> str:
    return re.sub(r"<[^>]*>|\{[^}]*\}", "*", path)


@pytest.fixture
def application(tmp_path: Path) -> Iterator[FlaskApp]:
    settings = Settings.from_environment({"DATABASE_URL": f"sqlite:///{tmp_path}/keyfob.db"})
    keyfob = open_keyfob(settings, clock=SteppingClock(), rng=random.Random(1))  # noqa: S311  seeded on purpose
    yield create_app(keyfob, settings)
    keyfob.store.database.close()


@pytest.fixture
def target(application: FlaskApp, quiet: None) -> Iterator[AsgiTarget]:  # noqa: ARG001
    target = AsgiTarget(application)
    yield target
    target.close()


@pytest.fixture
def operations(application: FlaskApp, target: AsgiTarget) -> list[Operation]:  # noqa: ARG001
    """The operations as the started application compiled them."""
    [gate] = [a for a in application.middleware.middleware_stack or () if isinstance(a, Gate)]
    return list(gate.routes.operations())


def test_only_the_health_checks_are_open(
    application: FlaskApp, operations: list[Operation]
) -> None:
    assert open_routes(operations, application.app) == OPEN_ON_PURPOSE


def test_every_other_operation_refuses_a_request_without_a_key(
    operations: list[Operation], target: AsgiTarget
) -> None:
    statuses = {
        o.id: target.send(Request(o.method, re.sub(r"\{\w+\}", "x", o.path))).status
        for o in operations
    }
    assert {name for name, status in statuses.items() if status != 401} == OPEN_ON_PURPOSE


def test_an_open_operation_is_noticed(application: FlaskApp, operations: list[Operation]) -> None:
    planted = [replace(o, needs_key=o.needs_key and o.id != "deleteApiKey") for o in operations]
    assert open_routes(planted, application.app) - OPEN_ON_PURPOSE == {"deleteApiKey"}


def test_a_route_outside_the_spec_is_noticed(
    application: FlaskApp, operations: list[Operation]
) -> None:
    application.app.add_url_rule("/debug/<name>", view_func=str, endpoint="debug")
    assert open_routes(operations, application.app) - OPEN_ON_PURPOSE == {"GET /debug/<name>"}
