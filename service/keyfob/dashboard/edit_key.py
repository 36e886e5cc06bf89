"""Edit Key."""

import flask
from flask import request
from werkzeug.wrappers import Response

from keyfob.dashboard.deeds import why_not_edit
from keyfob.dashboard.door import actor, keyfob
from keyfob.dashboard.key_form import ON, KeyForm, minute_of, offered, problems_of
from keyfob.dashboard.proof import password_problem
from keyfob.dashboard.seen import seen_version
from keyfob.domain.authority import reaches_beyond
from keyfob.domain.lifecycle import merged
from keyfob.errors import KeyIsRevoked, PreconditionFailed, SiteForbidden
from keyfob.model import ApiKey
from keyfob.reply import Json
from keyfob.schemas.api_keys import key_edit

CHANGED_MEANWHILE = (
    "Somebody changed this key while you were editing it. It is shown as it is now: make your"
    " changes again."
)


def edit(key_id: str) -> Response | str:
    """Show the form, or take it."""
    key = keyfob().api_keys.get(actor(), key_id)
    if request.method == "GET":
        return _page(key, KeyForm.of_key(key))
    form = KeyForm.of_request(request.form)
    body = _body(form, key)
    if problems := problems_of(body, "ApiKeyUpdate", keyfob().clock):
        return flask.make_response(_page(key, form.with_problems(problems)), 400)
    changes = key_edit(body)
    if reaches_beyond(merged(key, changes), key) and (wrong := password_problem()):
        return flask.make_response(_page(key, form.with_problems({"password": wrong})), 400)
    try:
        after = keyfob().api_keys.edit(actor(), key_id, changes, seen_version())
    except (PreconditionFailed, KeyIsRevoked):
        now = keyfob().api_keys.get(actor(), key_id)
        shown = KeyForm.of_key(now).with_problems({"": CHANGED_MEANWHILE})
        return flask.make_response(_page(now, shown), 409)
    except SiteForbidden:
        gone = {"siteIds": "One of these sites is gone. Choose again."}
        return flask.make_response(_page(key, form.with_problems(gone)), 400)
    changed = "is saved, and is in force" if after != key else "is as it was: nothing was changed"
    flask.flash(f"{after.name} {changed}.", "success")
    return flask.redirect(flask.url_for("dashboard.key", key_id=key_id), 303)


def _body(form: KeyForm, key: ApiKey) -> Json:
    body = form.body(keyfob().clock())
    # The field shows minutes: what was not touched must not lose its seconds, or be refused
    # because it has passed meanwhile.
    is_untouched = form.expiry == ON and form.expires_on == minute_of(key.expires_at)
    if is_untouched or not form.expiry:
        del body["expiresAt"]
    return body


def _page(key: ApiKey, form: KeyForm) -> str:
    view = keyfob().api_keys.view(key)
    return flask.render_template(
        "edit_key.html", view=view, why_not=why_not_edit(view), **offered(form)
    )
