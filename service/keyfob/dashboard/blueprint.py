"""The pages of the dashboard, by their addresses."""

from typing import Any

from flask import Blueprint

from keyfob.dashboard import (
    account,
    edit_key,
    key_actions,
    key_details,
    key_list,
    new_key,
    requests,
    sign_in,
    wording,
)
from keyfob.dashboard.advice import told
from keyfob.dashboard.door import admit, shared_context


def create_dashboard() -> Blueprint:
    """Put the dashboard together."""
    dashboard = Blueprint(
        "dashboard", __name__, url_prefix="/dashboard", template_folder="templates"
    )
    dashboard.before_request(admit)
    dashboard.app_context_processor(shared_context)
    for name, function in wording.FILTERS.items():
        dashboard.add_app_template_filter(function, name)

    dashboard.add_app_template_filter(told, "told")

    def page(path: str, view: Any, *methods: str) -> None:
        dashboard.add_url_rule(path, view.__name__, view, methods=methods or ("GET",))

    page("/", key_list.start)
    page("/sign-in", sign_in.sign_in, "GET", "POST")
    page("/sign-out", sign_in.sign_out, "POST")
    page("/account", account.account, "GET", "POST")
    page("/requests", requests.request)
    page("/keys", key_list.keys)
    page("/keys/new", new_key.new_key, "GET", "POST")
    page("/keys/<key_id>", key_details.key)
    page("/keys/<key_id>/edit", edit_key.edit, "GET", "POST")
    page("/keys/<key_id>/rotate", key_actions.rotate, "GET", "POST")
    page("/keys/<key_id>/revoke", key_actions.revoke, "GET", "POST")
    page("/keys/<key_id>/reactivate", key_actions.reactivate, "GET", "POST")
    page("/keys/<key_id>/delete", key_actions.delete, "GET", "POST")
    return dashboard
