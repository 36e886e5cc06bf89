"""Who may come in, and what a form has to carry."""

import secrets
from typing import Any, cast

import flask
from flask import g, request, session
from werkzeug.wrappers import Response

from keyfob.domain.admin_sessions import AdminSession
from keyfob.domain.admins import actor_of_admin
from keyfob.domain.keyfob import Keyfob
from keyfob.gate.pages import REQUEST_ID
from keyfob.model import Actor
from keyfob.pages.application import KEYFOB
from keyfob.pages.refusals import FormExpired, FormOfAnotherSite

TOKEN = "token"  # noqa: S105  the member's name
FORM_TOKEN = "form"  # noqa: S105  as above
OPEN = frozenset({"dashboard.sign_in"})


def keyfob() -> Keyfob:
    """Answer what the dashboard is a client of."""
    return cast("Keyfob", flask.current_app.extensions[KEYFOB])


def request_id() -> str:
    """Answer the id of the request."""
    return request.environ[REQUEST_ID]


def own_session() -> AdminSession:
    """Answer the session in which the request comes. Raises LookupError outside of any."""
    found = found_session()
    if found is None:
        raise LookupError("nobody has signed in")
    return found


def found_session() -> AdminSession | None:
    """Answer the session in which the request comes, if it still lives."""
    if "admin_session" not in g:
        token = session.get(TOKEN)
        g.admin_session = None if token is None else keyfob().admin_sessions.find(token)
    return g.admin_session


def actor() -> Actor:
    """Answer the admin as the one who acts."""
    return actor_of_admin(own_session().admin, request_id())


def admit() -> Response | None:
    """Let in who has signed in, and take forms that this browser was given."""
    is_change = request.method != "GET"
    if request.endpoint not in OPEN and found_session() is None:
        return _to_the_door(is_change=is_change)
    if is_change and _comes_from_elsewhere():
        raise FormOfAnotherSite
    if is_change and not _has_form_token():
        raise FormExpired
    return None


def let_in(token: str) -> None:
    """Give the browser a new cookie, whatever it had before."""
    session.clear()
    session[TOKEN] = token


def form_token() -> str:
    """Answer what the forms of this browser carry, which other sites cannot know."""
    if FORM_TOKEN not in session:
        session[FORM_TOKEN] = secrets.token_urlsafe(24)
    return session[FORM_TOKEN]


def shared_context() -> dict[str, Any]:
    """Answer what all templates may use."""
    found = g.get("admin_session")
    return {
        "admin": None if found is None else found.admin,
        "form_token": form_token,
        "is_fragment": request.headers.get("HX-Request") == "true",
        "now": keyfob().clock(),
    }


def _comes_from_elsewhere() -> bool:
    # What the browser says of itself comes first: a proxy may have changed the host, which Origin
    # is compared with, but no proxy says this. Browsers say it wherever they trust the address.
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.host


def _has_form_token() -> bool:
    given, expected = request.form.get("form_token", ""), session.get(FORM_TOKEN, "")
    return bool(expected) and secrets.compare_digest(given.encode(), expected.encode())


def _to_the_door(*, is_change: bool) -> Response:
    had_one = TOKEN in session
    session.clear()
    if had_one and is_change:
        flask.flash("You were signed out before that was done, so nothing was changed.", "warning")
    elif had_one:
        flask.flash("You were signed out. Please sign in again.", "info")
    came_from = request.path if is_change else request.full_path.rstrip("?")
    wanted = None if request.endpoint == "dashboard.sign_out" else came_from
    address = flask.url_for("dashboard.sign_in", next=wanted)
    if request.headers.get("HX-Request") == "true":
        response = flask.Response(status=204)
        response.headers["HX-Redirect"] = address
        return response
    return flask.redirect(address, 303)
