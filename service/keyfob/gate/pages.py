"""What people look at: a Flask application of its own, which answers people and not programs."""

import re
from collections.abc import Sequence
from http import HTTPStatus

import flask

from keyfob.gate.answer import Answer
from keyfob.gate.environ import environ_of
from keyfob.gate.judge import Case
from keyfob.gate.request import Request

REQUEST_ID = "keyfob.request_id"
BODY_TOO_LONG = "keyfob.body_too_long"
CODE = "keyfob.code"
"""Where the pages leave the word of a refusal."""

MAY_BE_KEPT = "keyfob.may_be_kept"
"""Where the pages say that a reply is a file that we ship."""


class Pages:
    """Passes requests on to the application of the pages.

    Args:
        app: answers everything, refusals and its own faults too.
        prefixes: the first segments of the paths that are the pages'.
    """

    def __init__(self, app: flask.Flask, prefixes: Sequence[str]) -> None:
        self._app = app
        self._paths = frozenset(f"/{prefix}".encode() for prefix in prefixes)
        self._folders = tuple(path + b"/" for path in self._paths)

    def hold(self, request: Request) -> bool:
        """Say whether this is a request for a page."""
        return request.raw_path in self._paths or request.raw_path.startswith(self._folders)

    def answer(self, case: Case) -> Answer:
        """Answer with a page, and note what the log shall know of it."""
        request = case.request
        case.is_page = True
        ours = {REQUEST_ID: request.id, BODY_TOO_LONG: request.body_too_long}
        with self._app.request_context(environ_of(request, ours)) as context:
            response = self._app.full_dispatch_request()
            if context.request.url_rule is not None:
                case.path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", context.request.url_rule.rule)
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                case.code = context.request.environ.get(CODE) or _word_of(response.status_code)
            return Answer(
                response.status_code,
                tuple(
                    (name, value)
                    for name, value in response.headers.items()
                    if name not in {"Content-Length", "X-Request-Id"}
                ),
                response.get_data(),
                may_be_kept=MAY_BE_KEPT in context.request.environ,
            )


def _word_of(status: int) -> str:
    return HTTPStatus(status).phrase.upper().replace(" ", "_")
