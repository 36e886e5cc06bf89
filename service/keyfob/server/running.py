"""From settings to a server that serves, in one process or several, until it is told to stop."""

import multiprocessing
import os
import random
import signal
import socket
import threading
from contextlib import suppress
from typing import Any, NoReturn

import structlog
import uvicorn
from connexion.apps.flask import FlaskApp
from connexion.exceptions import ConnexionException
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.server import HANDLED_SIGNALS
from uvicorn.supervisors import Multiprocess

from keyfob.app import create_app
from keyfob.domain.opening import open_keyfob
from keyfob.domain.secret_value import masked
from keyfob.gate.operation import SpecMismatch
from keyfob.logs import configure_logs
from keyfob.metrics import Meters
from keyfob.pepper import demand_explicit_pepper
from keyfob.server.last_resort import LastResort
from keyfob.server.listening import listen, url_of
from keyfob.server.metrics_page import exposing, meters_of_worker
from keyfob.server.options import uvicorn_config
from keyfob.server.protocol import EnvelopeProtocol
from keyfob.settings import Settings, StartRefused

log = structlog.get_logger(__name__)


class NotServing(StartRefused):
    """The server cannot start as it was asked to."""


def serve(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are answered first.

    Raises:
        StartRefused: with a sentence for the operator.
        Unavailable: the store does not answer.
    """
    demand_explicit_pepper(settings, host)
    demand_shared_limits(settings, several=workers > 1)
    with exposing(settings.metrics_address, workers) as meters:
        if workers == 1:
            application = build_application(settings, meters)
            listener = _listen(host, port, workers)
            serve_application(application, listener)
        else:
            _try_out(settings)
            listener = _listen(host, port, workers)
            _serve_with_workers(listener, workers)
    log.info("stopped")


def demand_shared_limits(settings: Settings, *, several: bool) -> None:
    """Let nobody count alone what several let pass.

    Args:
        settings: checked.
        several: whether there is more than one worker.

    Raises:
        NotServing: the limiter is not shared, and KEYFOB_LIMITS=process does not permit that.
    """
    if settings.redis_url is not None or settings.limits == "process":
        return
    if several:
        who = "Several workers"
    elif settings.database_file is None:
        who = "A store in PostgreSQL is there for several workers on several hosts, which"
    else:
        return
    raise NotServing(
        f"{who} would each count rate limits alone and let as many times the requests through. Set"
        " REDIS_URL to let them share the limits, or KEYFOB_LIMITS=process if that does not matter"
        " to you."
    )


def build_application(settings: Settings, meters: Meters | None = None) -> ASGIApp:
    """Open the store, migrate it if need be, and build all that answers requests.

    Raises:
        StartRefused, Unavailable.
    """
    observe = None if meters is None else meters.executed
    application = create_app(open_keyfob(settings, observe=observe), settings, meters)
    complete(application)
    return LastResort(application, random.SystemRandom(), meters)


def complete(application: FlaskApp) -> None:
    """Build what Connexion would build at the first event only. Raises NotServing."""
    try:
        _build_stack(application)
    except (SpecMismatch, ConnexionException, LookupError) as error:
        raise NotServing(
            f"openapi.yaml and the code do not fit together: {error}. Install Keyfob anew."
        ) from error


def serve_application(
    application: ASGIApp,
    listener: socket.socket,
    protocol: type[EnvelopeProtocol] = EnvelopeProtocol,
) -> None:
    """Serve an application in this process."""
    server = uvicorn.Server(uvicorn_config(application, http=protocol))
    for number in HANDLED_SIGNALS:
        # uvicorn handles signals itself, and then raises them anew for whoever did so before:
        # a stop that was asked for is no failure.
        signal.signal(number, server.handle_exit)
    try:
        server.run(sockets=[listener])
    except SystemExit as failure:
        raise NotServing("The server did not start: the log says why.") from failure


def worker_application() -> ASGIApp:
    """Build the application of a worker process, which knows nothing of its parent's."""
    settings = Settings.from_environment()
    configure_logs(settings.log_level, masked)
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    try:
        return build_application(settings, meters_of_worker(settings))
    except StartRefused as refusal:  # it would be refused again: the parent stops, too
        log.critical("worker_refused", reason=str(refusal))
        raise SystemExit(STARTUP_FAILURE) from refusal
    except Exception as error:
        log.exception("worker_failed")  # the parent starts another
        raise SystemExit(1) from error


def _stop_with_parent() -> None:
    # A parent that was killed tells nobody: its workers would serve on, and hold the port.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _listen(host: str, port: int, workers: int) -> socket.socket:
    listener = listen(host, port)
    log.info("serving", url=url_of(listener), workers=workers)
    return listener


def _try_out(settings: Settings) -> None:
    """Migrate the store, and find out whether workers would start; nothing stays open."""
    keyfob = open_keyfob(settings)
    try:
        complete(create_app(keyfob, settings))
    finally:
        keyfob.limiter.close()
        keyfob.store.database.close()


def _serve_with_workers(listener: socket.socket, workers: int) -> None:
    # uvicorn's supervisor replaces a worker that died or hangs, and on SIGHUP one after the other:
    # the old one is told to stop when the new one answers.
    factory = f"{__name__}:{worker_application.__name__}"
    config = uvicorn_config(factory, factory=True, workers=workers)
    supervisor = _Supervisor(config, sockets=[listener])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise NotServing("A worker did not start: the log says why.")


class _Supervisor(Multiprocess):
    """Starts workers, replaces and stops them."""

    def terminate_all(self) -> None:
        """Stop all. Who connects from now on is refused, and does not wait for nobody."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


class _Built(Exception):
    """The stack is there; nothing more is wanted of it."""


def _build_stack(application: FlaskApp) -> None:
    # Connexion builds its stack at the first event, and only then looks for the handlers. This
    # event ends before the application is started by it, and without having waited for anything,
    # so that no event loop is needed: in a worker, one is running already.
    async def receive() -> NoReturn:
        raise _Built

    async def send(_message: Any) -> None:
        pass

    with suppress(_Built):
        application({"type": "lifespan", "state": {}}, receive, send).send(None)
