"""The signed cookie of a browser."""

from hashlib import sha256

import flask
from flask.sessions import SecureCookieSessionInterface


class SignedCookies(SecureCookieSessionInterface):
    """Flask's own, which looks at how each request came: one server may have both kinds.

    Over TLS the name begins with ``__Host-``, which no other host of the domain can set. The cookie
    ends with the browser's session.
    """

    digest_method = staticmethod(sha256)

    def get_cookie_name(self, app: flask.Flask) -> str:
        """Answer the name."""
        del app
        return "__Host-keyfob" if flask.request.is_secure else "keyfob"

    def get_cookie_secure(self, app: flask.Flask) -> bool:
        """Say whether the browser shall send it over TLS alone."""
        del app
        return flask.request.is_secure

    def get_cookie_httponly(self, app: flask.Flask) -> bool:
        """Keep it from scripts."""
        del app
        return True

    def get_cookie_samesite(self, app: flask.Flask) -> str:
        """Keep it from forms of other sites; links of theirs may lead here."""
        del app
        return "Lax"

    def get_cookie_path(self, app: flask.Flask) -> str:
        """Answer the root, as ``__Host-`` demands."""
        del app
        return "/"
