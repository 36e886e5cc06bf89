"""Browsers in which somebody has signed in before, so that guessers elsewhere keep nobody out."""

import secrets
from hashlib import sha256

import flask
from flask import request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

MOST_ADMINS = 5
REMEMBERED_SECONDS = 180 * 86_400


def known_browser(email: str) -> str | None:
    """Answer what tells this browser from others, if this admin has signed in here."""
    return _known().get(_fingerprint(email))


def remember_browser(response: Response, email: str) -> None:
    """Let the browser show, the next time, that this admin has signed in here."""
    known = {_fingerprint(email): secrets.token_urlsafe(12)} | _known()
    newest = dict(list(known.items())[:MOST_ADMINS])
    response.set_cookie(
        _name(),
        str(_serializer().dumps(newest)),
        max_age=REMEMBERED_SECONDS,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def _known() -> dict[str, str]:
    try:
        return _serializer().loads(request.cookies.get(_name(), ""))
    except BadData:
        return {}


def _name() -> str:
    return "__Host-keyfob-browser" if request.is_secure else "keyfob-browser"


def _serializer() -> URLSafeSerializer:
    secret = flask.current_app.secret_key
    if secret is None:
        raise LookupError("the application has no secret")
    return URLSafeSerializer(secret, salt="keyfob.browser", signer_kwargs={"digest_method": sha256})


def _fingerprint(email: str) -> str:
    return sha256(email.strip().casefold().encode()).hexdigest()[:16]
