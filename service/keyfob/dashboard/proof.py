"""The password once more, before what hands out a value or power, or cannot be taken back."""

from flask import request

from keyfob.dashboard.browsers import known_browser
from keyfob.dashboard.door import keyfob, own_session, request_id
from keyfob.dashboard.sign_in import wait
from keyfob.domain.sign_ins import Attempt
from keyfob.errors import RateLimited, SignInFailed

MISSING = "Enter your password: it is more than 15 minutes since you last did."
WRONG = "That is not your password."


def needs_password() -> bool:
    """Say whether forms have to ask for the password."""
    return not keyfob().admin_sessions.is_proven(own_session())


def password_problem() -> str | None:
    """Answer what is wrong with the password of the form; nothing if none is needed."""
    if not needs_password():
        return None
    return _judged(request.form.get("password", ""))


def current_password_problem() -> str | None:
    """Answer what is wrong with the password, needed or not."""
    return _judged(request.form.get("password", ""))


def _judged(password: str) -> str | None:
    if not password:
        return MISSING
    own = own_session()
    email = own.admin.email
    attempt = Attempt(
        email, password, request.remote_addr or "", request_id(), known_browser(email)
    )
    try:
        keyfob().sign_ins.admin_of(attempt)
    except SignInFailed:
        return WRONG
    except RateLimited as refusal:
        return wait(refusal)
    keyfob().admin_sessions.prove(own)
    return None
