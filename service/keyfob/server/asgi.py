"""For another server's workers: `gunicorn -k asgi -w 4 'keyfob.server.asgi:application()'`."""

from starlette.types import ASGIApp

from keyfob.domain.secret_value import masked
from keyfob.logs import configure_logs
from keyfob.pepper import demand_explicit_pepper
from keyfob.server.running import build_application, demand_shared_limits
from keyfob.settings import Settings

ANY_HOST = "0.0.0.0"  # noqa: S104  nobody listens on it here


def application() -> ASGIApp:
    """Build what one of several workers serves, as settings in the environment say.

    Malformed HTTP is refused by that server, in words of its own and without the envelope.

    Raises:
        StartRefused: with a sentence for the operator. Where that server listens is not known here:
            an explicit pepper is demanded, and so are shared limits.
        Unavailable: the store does not answer.
    """
    settings = Settings.from_environment()
    configure_logs(settings.log_level, masked)
    demand_explicit_pepper(settings, ANY_HOST)
    demand_shared_limits(settings, several=True)
    return build_application(settings)
