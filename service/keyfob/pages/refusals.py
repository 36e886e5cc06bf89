"""Every refusal as a page: what is wrong, in words for people, and what to do next."""

from http import HTTPStatus
from typing import NamedTuple

import flask
import structlog
from werkzeug.exceptions import HTTPException

from keyfob import errors
from keyfob.gate.pages import CODE, REQUEST_ID

STORE_RETRY_SECONDS = 2

log = structlog.get_logger(__name__)


class FormExpired(Exception):  # no KeyfobError: no program is ever told
    """A form that this browser was not given, or not in this session."""

    code = "FORM_EXPIRED"


class FormOfAnotherSite(Exception):  # as above
    """A form that the browser says was sent by a page of another site."""

    code = "FORM_OF_ANOTHER_SITE"


class Told(NamedTuple):
    """How something is told to people."""

    status: int
    title: str
    advice: str


_NOT_FOUND = Told(
    404,
    "There is nothing here",
    "What you were looking for was deleted, or never was. Check the address, or start from the"
    " list of keys.",
)
_INTERNAL = Told(
    500,
    "Something went wrong on our side",
    "Try again in a minute. If it persists, tell support the request id below.",
)
TOLD_OF_WORDS: dict[type[Exception], Told] = {
    FormExpired: Told(
        403,
        "This form is out of date",
        "You signed in or out since it was opened, so nothing was changed. Go back, reload the"
        " page, and try again.",
    ),
    FormOfAnotherSite: Told(
        403,
        "This form was sent by another site",
        "Nothing was changed. Open the dashboard yourself, and do it there if you meant to.",
    ),
    errors.NotFound: _NOT_FOUND,
    errors.ValidationFailed: Told(
        400,
        "This address does not work any more",
        "Part of it was changed or cut off. Start from the list of keys.",
    ),
    errors.SiteForbidden: Told(
        404, "There is no such site", "Choose one of the sites of your organisation."
    ),
    errors.RateLimited: Told(
        429, "Too many attempts", "Wait a minute, then try again. Nobody is locked out."
    ),
    errors.Unavailable: Told(
        503,
        "The store cannot be reached just now",
        "Nothing was changed. Try again in a few seconds.",
    ),
}
_TOLD_OF_STATUSES = {
    404: _NOT_FOUND,
    405: Told(405, "This page cannot be used like that", "Start from the list of keys."),
    413: Told(413, "That was too long", "Go back, and send less."),
}


def answer_people(error: Exception) -> flask.Response:
    """Turn whatever was raised into a page. Nothing of the inside gets out."""
    environ = flask.request.environ
    told = _told(error)
    if (
        isinstance(error, (errors.KeyfobError, FormExpired, FormOfAnotherSite))
        and told is not _INTERNAL
    ):
        environ[CODE] = error.code
    elif told is _INTERNAL:
        log.error("internal_error", request_id=environ[REQUEST_ID], exc_info=error)
        environ[CODE] = "INTERNAL_ERROR"
    page = flask.render_template("refusal.html", told=told, request_id=environ[REQUEST_ID])
    response = flask.Response(page, told.status)
    if isinstance(error, errors.RateLimited):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, errors.Unavailable):
        response.headers["Retry-After"] = str(STORE_RETRY_SECONDS)
    if isinstance(error, HTTPException) and error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return response


def _told(error: Exception) -> Told:
    if isinstance(error, HTTPException):
        return _TOLD_OF_STATUSES.get(error.code or 500, _INTERNAL)
    return TOLD_OF_WORDS.get(type(error), _INTERNAL)
