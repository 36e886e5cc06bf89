"""Create API Key: the form, and the page that shows the value, once."""

import secrets

import flask
from flask import request
from werkzeug.wrappers import Response

from keyfob.dashboard.door import actor, keyfob
from keyfob.dashboard.key_form import KeyForm, offered, problems_of
from keyfob.dashboard.proof import needs_password, password_problem
from keyfob.dashboard.value import value_page
from keyfob.errors import IdempotencyConflict, KeyQuotaReached, SiteForbidden
from keyfob.model import ApiKey
from keyfob.reply import Json, Reply
from keyfob.schemas.api_keys import key_draft


def new_key() -> Response | str:
    """Show the form, or make the key."""
    if request.method == "GET":
        return _page(KeyForm())
    form = KeyForm.of_request(request.form)
    body = form.body(keyfob().clock())
    problems = problems_of(body, "ApiKeyCreate", keyfob().clock)
    if not problems and (wrong := password_problem()):
        problems["password"] = wrong
    if problems:
        return flask.make_response(_page(form.with_problems(problems)), 400)
    try:
        key, value = _create_once(body, request.form.get("once", ""))
    except IdempotencyConflict as conflict:
        return _made_before(conflict)
    except KeyQuotaReached:
        quota = "Your organisation has as many keys as it may. Delete some that are revoked."
        return flask.make_response(_page(form.with_problems({"": quota})), 409)
    except SiteForbidden:
        gone = {"siteIds": "One of these sites is gone. Choose again."}
        return flask.make_response(_page(form.with_problems(gone)), 400)
    return value_page(key, value, rotated=False)


def _create_once(body: Json, once: str) -> tuple[ApiKey, str]:
    """Make a key, however often the same form is sent. Raises IdempotencyConflict."""
    made: list[tuple[ApiKey, str]] = []
    draft = key_draft(body)

    def create() -> Reply:
        made.append(keyfob().api_keys.create(actor(), draft))
        # What idempotency remembers of a reply with a value is the id alone.
        return Reply(201, {"id": made[0][0].id, "key": made[0][1]})

    keyfob().idempotency.once(
        actor(),
        "createApiKey",
        f"form {once}",
        {**body, "expiresAt": None},  # which is counted from now, and so differs each time
        create=create,
        demand_may_create=lambda: keyfob().api_keys.demand_may_create(actor(), draft),
    )
    return made[0]


def _made_before(conflict: IdempotencyConflict) -> Response:
    key_id = conflict.details.get("keyId")
    if key_id is None:  # another name: the form was sent, changed, and sent again
        flask.flash("This form had made a key already. Here is a fresh one.", "warning")
        return flask.redirect(flask.url_for("dashboard.new_key"), 303)
    flask.flash(
        "This key was made the first time that you sent the form, and its value was shown then."
        " If you did not keep it, rotate the key: that gives it a new value.",
        "warning",
    )
    return flask.redirect(flask.url_for("dashboard.key", key_id=key_id), 303)


def _page(form: KeyForm) -> str:
    return flask.render_template(
        "new_key.html",
        **offered(form),
        needs_password=needs_password(),
        once=request.form.get("once") or secrets.token_urlsafe(16),
    )
