"""One's own password."""

import flask
from flask import request
from werkzeug.wrappers import Response

from keyfob.dashboard.door import actor, keyfob, let_in, own_session
from keyfob.dashboard.proof import current_password_problem
from keyfob.domain.passwords import LONGEST, SHORTEST
from keyfob.errors import ValidationFailed


def account() -> Response | str:
    """Show the form, or change the password: all sessions end, and a new one begins here."""
    if request.method == "GET":
        return _form({})
    admin = own_session().admin
    problems: dict[str, str] = {}
    if wrong := current_password_problem():
        problems["password"] = wrong
    if request.form.get("newPassword") != request.form.get("again"):
        problems["again"] = "This is not the same as the new password."
    if problems:
        return flask.make_response(_form(problems), 400)
    try:
        keyfob().admins.change_password(actor(), admin, request.form.get("newPassword", ""))
    except ValidationFailed as refusal:
        message = refusal.details["fields"][0]["message"]
        return flask.make_response(_form({"newPassword": f"It {message}."}), 400)
    let_in(keyfob().admin_sessions.begin(admin))
    flask.flash("Your password is changed. You were signed out everywhere else.", "success")
    return flask.redirect(flask.url_for("dashboard.account"), 303)


def _form(problems: dict[str, str]) -> str:
    return flask.render_template(
        "account.html", problems=problems, shortest=SHORTEST, longest=LONGEST
    )
