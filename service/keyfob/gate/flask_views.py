"""Handlers run as Flask views, inside Flask's request context.

By the time Flask sees a request it has been authenticated and validated, so its view finds the call
prepared in the environment, and neither parses nor validates anything again.
"""

from collections.abc import Callable

import flask

from keyfob.gate.answer import Answer, answer_of
from keyfob.gate.environ import environ_of
from keyfob.gate.request import Request
from keyfob.reply import Reply

CALL = "keyfob.call"


def serve_spec_operations(app: flask.Flask) -> None:
    """Let every view that Connexion registered for the spec run its prepared call.

    Connexion's own wrapping would find out the handler's arguments anew for each request.
    """
    for rule in app.url_map.iter_rules():
        app.view_functions[rule.endpoint] = _view


class FlaskDispatch:
    """Runs prepared calls through a Flask application."""

    def __init__(self, app: flask.Flask) -> None:
        self._app = app

    def __call__(self, request: Request, call: Callable[[], Reply]) -> Answer:
        """Answer what the call answers. Whatever it raises comes out as it was raised."""
        with self._app.request_context(environ_of(request, {CALL: call})):
            response = self._app.full_dispatch_request()
            headers = tuple(response.headers.items())
            return Answer(response.status_code, headers, response.get_data())


def _view(**_path_values: str) -> flask.Response:
    answer = answer_of(flask.request.environ[CALL]())
    response = flask.Response(answer.body, answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    return response
