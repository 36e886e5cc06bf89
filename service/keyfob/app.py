"""The application put together: Connexion's Flask application with the gate in front."""

import copy
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from connexion.apps.flask import FlaskApp
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver
from starlette.types import ASGIApp

from keyfob import handlers
from keyfob.dashboard import create_dashboard
from keyfob.docs import create_docs
from keyfob.domain.keyfob import Keyfob
from keyfob.gate.asgi import Gate, GateOptions
from keyfob.gate.lanes import open_lanes
from keyfob.gate.operation import Handler, snake_case
from keyfob.gate.pages import Pages
from keyfob.gate.published import PublishedSpec
from keyfob.metrics import METERS, Meters, sampling
from keyfob.model import RateLimit
from keyfob.pages import create_pages
from keyfob.settings import Settings
from keyfob.spec import load_spec, spec_file


def create_app(keyfob: Keyfob, settings: Settings, meters: Meters | None = None) -> FlaskApp:
    """Build the ASGI application; a spec and handlers that do not fit together stop it here.

    It counts with ``meters``, and leaves them to its server as the state of its lifespan.
    """
    lanes = open_lanes(
        worker_threads=settings.worker_threads,
        is_embedded=settings.is_embedded,
    )
    options = GateOptions(
        max_body_bytes=settings.max_body_bytes,
        trusted_proxies=settings.trusted_proxies,
        guess_limit=RateLimit(settings.guesses_per_minute, 60),
    )
    blueprints = [create_dashboard(), create_docs()]
    pages = Pages(create_pages(keyfob, blueprints), prefixes=["dashboard", "docs"])
    published = PublishedSpec(spec_file().read_bytes(), load_spec())

    def gate(app: ASGIApp) -> Gate:
        return Gate(
            app,
            keyfob=keyfob,
            flask_app=application.app,
            lanes=lanes,
            options=options,
            meters=meters,
            pages=pages,
            published=published,
        )

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncGenerator[dict[str, Any]]:
        keyfob.usage.start()
        with sampling(meters, keyfob.limiter, keyfob.usage):
            yield {METERS: meters}
            lanes.close()
            keyfob.usage.stop()
        keyfob.limiter.close()

    application = FlaskApp(
        "keyfob",
        lifespan=lifespan,
        middlewares=[gate, LifespanMiddleware],
        server_args={"static_folder": None},
        resolver=Resolver(_handler_of),
    )
    application.add_api(copy.deepcopy(load_spec()))
    return application


def gate_of(application: FlaskApp) -> Gate:
    """Answer the gate of an application whose stack is built."""
    [gate] = [
        each for each in application.middleware.middleware_stack or () if isinstance(each, Gate)
    ]
    return gate


def _handler_of(operation_id: str) -> Handler:
    return getattr(handlers, snake_case(operation_id))
