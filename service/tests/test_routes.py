"""Nothing is open but what is meant to be: every route is walked, in the spec and outside it."""

import re
from collections.abc import Iterable
from dataclasses import replace

import flask
import httpx
import pytest
from connexion import FlaskApp

from keyfob.gate.asgi import Gate
from keyfob.gate.operation import Operation

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
def operations(application: FlaskApp, http: httpx.Client) -> list[Operation]:  # noqa: ARG001
    """The operations as the started application compiled them."""
    [gate] = [a for a in application.middleware.middleware_stack or () if isinstance(a, Gate)]
    return list(gate.routes.operations())


def test_only_the_health_checks_are_open(
    application: FlaskApp, operations: list[Operation]
) -> None:
    assert open_routes(operations, application.app) == OPEN_ON_PURPOSE


def test_every_other_operation_refuses_a_request_without_a_key(
    operations: list[Operation], http: httpx.Client
) -> None:
    statuses = {
        o.id: http.request(o.method, re.sub(r"\{\w+\}", "x", o.path)).status_code
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
