"""Handlers run as Flask views, inside Flask's request context.

By the time Flask sees a request it has been authenticated and validated, so its view finds the call
prepared in the environment, and neither parses nor validates anything again.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import flask

from keyfob.gate.answer import Answer, answer_of
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
        with self._app.request_context(_environ(request, call)):
            response = self._app.full_dispatch_request()
            headers = tuple(response.headers.items())
            return Answer(response.status_code, headers, response.get_data())


def _view(**_path_values: str) -> flask.Response:
    answer = answer_of(flask.request.environ[CALL]())
    response = flask.Response(answer.body, answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    return response


def _environ(request: Request, call: Callable[[], Reply]) -> dict[str, Any]:
    """Build what PEP 3333 asks for, from a request that was read whole."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if request.method == "HEAD" else request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.raw_path).decode("latin-1"),
        "QUERY_STRING": request.query.decode("latin-1"),
        "SERVER_NAME": "keyfob",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.client,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        CALL: call,
    }
    for name, value in request.headers:
        text = value.decode("latin-1")
        if name == b"content-type":
            environ["CONTENT_TYPE"] = text
        elif name != b"content-length":
            environ["HTTP_" + name.decode("latin-1").upper().replace("-", "_")] = text
    return environ
