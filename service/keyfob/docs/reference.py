"""The reference: every operation of the published spec."""

from functools import cache
from typing import Any, NamedTuple

import flask
from flask import Response

from keyfob.pages.headers import CONTENT_SECURITY_POLICY
from keyfob.spec import load_spec

# Swagger UI's style sheet brings its arrows along as data: URLs. Nothing else is granted.
POLICY = CONTENT_SECURITY_POLICY.replace("img-src 'self'", "img-src 'self' data:")


class Listed(NamedTuple):
    """An operation in the list of all."""

    id: str
    method: str
    path: str
    summary: str


def reference() -> Response:
    """Show the reference; without scripts, the list of operations and the way to the spec."""
    spec = load_spec()
    page = flask.render_template(
        "docs/reference.html", tags=spec["tags"], operations=_operations(), info=spec["info"]
    )
    response = Response(page)
    response.headers["Content-Security-Policy"] = POLICY
    return response


@cache
def _operations() -> dict[str, list[Listed]]:
    spec: dict[str, Any] = load_spec()
    listed: dict[str, list[Listed]] = {tag["name"]: [] for tag in spec["tags"]}
    for path, item in spec["paths"].items():
        for method, each in item.items():
            if "operationId" in each:
                operation = Listed(each["operationId"], method.upper(), path, each["summary"])
                listed[each["tags"][0]].append(operation)
    return listed
