"""Rotate, revoke, reactivate, delete: a page that says what will happen, and then it happens."""

from collections.abc import Callable
from unicodedata import normalize

import flask
from flask import request
from werkzeug.wrappers import Response

from keyfob.dashboard import deeds
from keyfob.dashboard.door import actor, keyfob
from keyfob.dashboard.last_use import last_use
from keyfob.dashboard.proof import needs_password, password_problem
from keyfob.dashboard.seen import seen_version
from keyfob.dashboard.value import value_page
from keyfob.domain.api_keys import KeyView
from keyfob.errors import (
    KeyIsActive,
    KeyIsCompromised,
    KeyIsExpired,
    KeyIsRevoked,
    KeyNotRevoked,
    PreconditionFailed,
)
from keyfob.model import RevokedReason

STATE_CHANGED = (KeyIsActive, KeyIsCompromised, KeyIsExpired, KeyIsRevoked, KeyNotRevoked)


def rotate(key_id: str) -> Response | str:
    """Replace the value."""
    view = _view(key_id)
    if request.method == "GET" or deeds.why_not_rotate(view):
        return _page("rotate.html", view, deeds.why_not_rotate)
    if wrong := password_problem():
        return _page("rotate.html", view, deeds.why_not_rotate, {"password": wrong})
    try:
        key, value = keyfob().api_keys.rotate(actor(), key_id, seen_version())
    except PreconditionFailed:
        flask.flash(
            "The key was changed or rotated since that page was opened, so nothing was done now."
            " If a value went lost, rotate the key.",
            "warning",
        )
        return _to_details(key_id)
    except STATE_CHANGED:
        return _changed_meanwhile(key_id)
    return value_page(key, value, rotated=True)


def revoke(key_id: str) -> Response | str:
    """Stop the key from working."""
    view = _view(key_id)
    if request.method == "GET" or deeds.why_not_revoke(view):
        return _page("revoke.html", view, deeds.why_not_revoke)
    try:
        reason = RevokedReason(request.form.get("reason", ""))
    except ValueError:
        problems = {"reason": "Say why: it decides whether the key can come back."}
        return _page("revoke.html", view, deeds.why_not_revoke, problems)
    key = keyfob().api_keys.revoke(actor(), key_id, reason)
    flask.flash(f"{key.name} is revoked. Its next request is refused.", "success")
    return _to_details(key_id)


def reactivate(key_id: str) -> Response | str:
    """Let the key work again."""
    view = _view(key_id)
    if request.method == "GET" or deeds.why_not_reactivate(view):
        return _page("reactivate.html", view, deeds.why_not_reactivate)
    if wrong := password_problem():
        return _page("reactivate.html", view, deeds.why_not_reactivate, {"password": wrong})
    try:
        key = keyfob().api_keys.reactivate(actor(), key_id)
    except STATE_CHANGED:
        return _changed_meanwhile(key_id)
    flask.flash(f"{key.name} works again.", "success")
    return _to_details(key_id)


def delete(key_id: str) -> Response | str:
    """Forget the key."""
    view = _view(key_id)
    if request.method == "GET" or deeds.why_not_delete(view):
        return _page("delete.html", view, deeds.why_not_delete)
    problems: dict[str, str] = {}
    if _typed(request.form.get("name", "")) != _typed(view.key.name):
        problems["name"] = f"Type the name exactly as it is: {view.key.name}"
    elif wrong := password_problem():
        problems["password"] = wrong
    if problems:
        return _page("delete.html", view, deeds.why_not_delete, problems)
    try:
        keyfob().api_keys.delete(actor(), key_id)
    except STATE_CHANGED:
        return _changed_meanwhile(key_id)
    flask.flash(f"{view.key.name} is deleted.", "success")
    return flask.redirect(flask.url_for("dashboard.keys", status="revoked"), 303)


def _typed(name: str) -> str:
    # Keyboards compose letters and accents in ways of their own.
    return normalize("NFC", name.strip())


def _view(key_id: str) -> KeyView:
    return keyfob().api_keys.view(keyfob().api_keys.get(actor(), key_id))


def _page(
    template: str,
    view: KeyView,
    why_not: Callable[[KeyView], str | None],
    problems: dict[str, str] | None = None,
) -> Response:
    page = flask.render_template(
        template,
        view=view,
        key=view.key,
        last_use=last_use(view.key),
        why_not=why_not(view),
        problems=problems or {},
        needs_password=needs_password(),
        typed=request.form,
        reasons=RevokedReason,
    )
    is_refused = request.method != "GET"
    return flask.make_response(page, (409 if why_not(view) else 400) if is_refused else 200)


def _to_details(key_id: str) -> Response:
    return flask.redirect(flask.url_for("dashboard.key", key_id=key_id), 303)


def _changed_meanwhile(key_id: str) -> Response:
    flask.flash("Somebody changed this key meanwhile, so nothing was done. See below.", "warning")
    return _to_details(key_id)
