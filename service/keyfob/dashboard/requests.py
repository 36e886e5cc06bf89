"""What became of a request, by the id that a partner has told."""

import flask
from flask import request as asked
from werkzeug.wrappers import Response

from keyfob.dashboard.door import actor, keyfob
from keyfob.errors import NotFound

LONGEST_ID = 40


def request() -> Response | str:
    """Show a request."""
    request_id = asked.args.get("id", "").strip()[:LONGEST_ID]
    if not request_id:
        return flask.render_template("request.html", request_id="", found=None, key=None)
    try:
        found = keyfob().usage_reports.request(actor(), request_id)
    except NotFound:
        page = flask.render_template("request.html", request_id=request_id, found=None, key=None)
        return flask.make_response(page, 404)
    return flask.render_template(
        "request.html", request_id=request_id, found=found, key=_key(found.key_id)
    )


def _key(key_id: str | None) -> object:
    try:
        return None if key_id is None else keyfob().api_keys.get(actor(), key_id)
    except NotFound:  # it was deleted since
        return None
