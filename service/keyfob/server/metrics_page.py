"""The metrics at an address of their own, never at the API's: nobody is asked for a key here."""

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from keyfob.metrics import Meters
from keyfob.metrics.places import FOLDER, Workers, keep_to_oneself, take_place
from keyfob.server.listening import listen, url_of
from keyfob.server.options import uvicorn_config
from keyfob.settings import Address, Settings

PATH = "/metrics"

log = structlog.get_logger(__name__)


@contextmanager
def exposing(address: Address | None, workers: int) -> Generator[Meters | None]:
    """Serve the metrics meanwhile, if there is an address for them.

    Answers what this process is to count with; None if it counts nothing, because nobody wants to
    know or because its workers count.

    Raises:
        CannotListen: with a sentence for the operator.
    """
    if address is None:
        yield None
        return
    registry = CollectorRegistry()
    listener = listen(address.host, address.port, chosen_with="KEYFOB_METRICS_ADDRESS")
    if workers == 1:
        keep_to_oneself()
        meters = Meters(registry)
        with _serving(registry, listener):
            yield meters
    else:
        with TemporaryDirectory(prefix="keyfob-metrics-") as folder:
            os.environ[FOLDER] = folder  # workers inherit it
            registry.register(Workers(Path(folder)))
            with _serving(registry, listener):
                yield None


def meters_of_worker(settings: Settings) -> Meters | None:
    """Answer what a worker is to count with, where its parent gathers it."""
    if settings.metrics_address is None:
        return None
    take_place()
    return Meters(CollectorRegistry())


@contextmanager
def _serving(registry: CollectorRegistry, listener: socket.socket) -> Generator[None]:
    async def page(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), headers={"Content-Type": content_type})

    application = Starlette(routes=[Route(PATH, page)])
    config = uvicorn_config(application, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, args=([listener],), name="keyfob-metrics", daemon=True
    )
    thread.start()
    log.info("serving_metrics", url=f"{url_of(listener)}{PATH}")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
