"""In and out."""

import re

import flask
from flask import request
from werkzeug.wrappers import Response

from keyfob.dashboard.browsers import known_browser, remember_browser
from keyfob.dashboard.door import found_session, keyfob, let_in, own_session, request_id
from keyfob.domain.sign_ins import Attempt
from keyfob.errors import RateLimited, SignInFailed

_OWN_ADDRESS = re.compile(r"/dashboard(/[^\s\\]*)?", re.ASCII)
FAILED = "That address and that password do not go together. Check both, and try again."


def sign_in() -> Response | str:
    """Show the form, or take it."""
    if request.method == "GET":
        if found_session() is not None:
            return flask.redirect(_next_address(), 303)
        return _form()
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        admin = keyfob().sign_ins.admin_of(
            Attempt(
                email.strip(),
                password,
                client=request.remote_addr or "",
                request_id=request_id(),
                known_browser=known_browser(email),
            )
        )
    except SignInFailed:
        return flask.make_response(_form(problem=FAILED), 403)
    except RateLimited as refusal:
        return too_many_attempts(refusal, _form(problem=wait(refusal)))
    before = found_session()
    if before is not None:
        keyfob().admin_sessions.end(before)
    let_in(keyfob().admin_sessions.begin(admin))
    response = flask.redirect(_next_address(), 303)
    remember_browser(response, admin.email)
    return response


def sign_out() -> Response:
    """End the session here and in the store."""
    keyfob().admin_sessions.end(own_session())
    flask.session.clear()
    flask.flash("You are signed out.", "info")
    return flask.redirect(flask.url_for("dashboard.sign_in"), 303)


def wait(refusal: RateLimited) -> str:
    """Say how long to wait."""
    return f"Too many attempts. Try again in {refusal.retry_after_seconds} seconds."


def too_many_attempts(refusal: RateLimited, page: str) -> Response:
    """Answer a page that says so."""
    response = flask.make_response(page, 429)
    response.headers["Retry-After"] = str(refusal.retry_after_seconds)
    return response


def _form(problem: str | None = None) -> str:
    return flask.render_template(
        "sign_in.html",
        problem=problem,
        email=request.form.get("email", ""),
        next_address=_next_address(),
    )


def _next_address() -> str:
    asked = request.values.get("next", "")
    return asked if _OWN_ADDRESS.fullmatch(asked) else flask.url_for("dashboard.keys")
