"""The Flask application of the pages."""

from collections.abc import Iterable
from pathlib import Path

import flask
from flask import Blueprint, Flask
from werkzeug.exceptions import RequestEntityTooLarge

from keyfob.domain.keyfob import Keyfob
from keyfob.gate.pages import BODY_TOO_LONG
from keyfob.pages.assets import ENDPOINT, Assets
from keyfob.pages.cookies import SignedCookies
from keyfob.pages.headers import add_headers
from keyfob.pages.refusals import answer_people

KEYFOB = "keyfob"
"""Under which name views find what they are clients of, in ``app.extensions``."""

ASSETS = Path(__file__).parent / "assets"


def create_pages(keyfob: Keyfob, blueprints: Iterable[Blueprint]) -> Flask:
    """Put the pages together."""
    app = Flask("keyfob.pages", static_folder=None)
    app.secret_key = keyfob.admin_sessions.cookie_secret
    app.session_interface = SignedCookies()
    app.extensions[KEYFOB] = keyfob
    app.url_map.strict_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets = Assets(ASSETS)
    app.add_url_rule("/dashboard/assets/<path:name>", ENDPOINT, assets.response)
    app.add_template_global(assets.url, "asset")
    app.before_request(_refuse_long_bodies)
    app.after_request(add_headers)
    app.register_error_handler(Exception, answer_people)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def _refuse_long_bodies() -> None:
    if flask.request.environ[BODY_TOO_LONG]:
        raise RequestEntityTooLarge
