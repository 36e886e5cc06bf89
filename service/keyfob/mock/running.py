"""From the command line to a mock that serves, until it is told to stop."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from connexion.apps.flask import FlaskApp

from keyfob.app import create_app, gate_of
from keyfob.grading.course import Exercise
from keyfob.mock.backstage import Backstage
from keyfob.mock.bounds import Bounds
from keyfob.mock.clock import MockClock
from keyfob.mock.controls import Controls
from keyfob.mock.documented import Documented, documented_replies
from keyfob.mock.examiner import Examiner
from keyfob.mock.failures import Script
from keyfob.mock.journal import Journal
from keyfob.mock.judging import certification_json
from keyfob.mock.layer import MockLayer
from keyfob.mock.memory import private_folder
from keyfob.mock.page import StartPage
from keyfob.mock.played import PlayedApi
from keyfob.mock.protocol import DroppableProtocol
from keyfob.mock.stage import Stage, mock_settings
from keyfob.mock.turnstile import Turnstile
from keyfob.pepper import is_loopback
from keyfob.reply import Json
from keyfob.server.last_resort import LastResort
from keyfob.server.listening import listen, url_of
from keyfob.server.running import complete, serve_application
from keyfob.settings import Settings
from keyfob.spec import load_spec
from keyfob.world import World, read_world, shipped_fixtures

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MockOptions:
    """How the mock is to be.

    Attributes:
        fixtures: another world than the shipped one.
        latency_ms: for which every reply of the API is held back.
        seed: from which ids and values follow.
        start: when its clock begins, in milliseconds since the epoch; None for now.
        allowed_hosts: names by which it is reached beside those of loopback.
        course: that it leads a client through; empty for free play.
    """

    host: str
    port: int
    fixtures: Path | None
    latency_ms: int
    seed: int
    start: int | None
    allowed_hosts: Sequence[str]
    course: Sequence[Exercise]


def serve_mock(
    settings: Settings,
    options: MockOptions,
    announce: Callable[[str, World], None],
    tell: Callable[[Json], None],
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: of the service; what the mock cannot have otherwise is its own.
        options: of the mock.
        announce: is called with the URL and the world, once both are there.
        tell: is called with a ``Certification`` whenever there is news for whoever runs the client.

    Raises:
        StartRefused: with a sentence for whoever started it.
    """
    world = read_world(options.fixtures or shipped_fixtures())
    with private_folder() as folder:
        own = mock_settings(settings, Path(folder))
        stage = Stage(own, world, clock=MockClock(options.start), seed=options.seed)
        service = create_app(stage.keyfob, own)
        complete(service)
        documented = documented_replies(load_spec())
        listener = listen(options.host, options.port)
        examiner = Examiner(
            options.course,
            stage,
            documented,
            lambda told: tell(certification_json(told)),
            url=url_of(listener),
        )
        layer = mock_layer(service, stage, own, examiner, documented, options)
        if not is_loopback(options.host):
            log.warning("mock_in_reach_of_others", host=options.host, advice="it keeps no secrets")
        log.info("serving", url=url_of(listener), mock=True)
        announce(url_of(listener), world)
        examiner.begin_anew()
        serve_application(
            LastResort(layer, random.SystemRandom()), listener, protocol=DroppableProtocol
        )
        stage.close()
    log.info("stopped")


def mock_layer(
    service: FlaskApp,
    stage: Stage,
    settings: Settings,
    examiner: Examiner,
    documented: Documented,
    options: MockOptions,
) -> MockLayer:
    """Put together what stands in front of a service that is complete."""
    script, journal, turnstile = Script(documented), Journal(), Turnstile()
    controls = Controls(stage, script, journal, examiner, documented)
    api = PlayedApi(
        service,
        gate_of(service).routes,
        stage,
        documented=documented,
        script=script,
        journal=journal,
        examiner=examiner,
        turnstile=turnstile,
        max_body_bytes=settings.max_body_bytes,
        latency_ms=options.latency_ms,
    )
    backstage = Backstage(
        stage,
        controls,
        StartPage(stage, journal, examiner),
        turnstile=turnstile,
        max_body_bytes=settings.max_body_bytes,
    )
    return MockLayer(service, api, backstage, Bounds(options.host, options.allowed_hosts))
