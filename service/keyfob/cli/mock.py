"""The mock, started from the command line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyfob.cli.arguments import checked_moment
from keyfob.cli.certificate import certification_lines
from keyfob.domain.secret_value import masked
from keyfob.logs import configure_logs
from keyfob.reply import Json
from keyfob.settings import FILE_SUFFIX, Settings
from keyfob.timestamps import parse_timestamp

if TYPE_CHECKING:
    from keyfob.world import World

ITS_OWN = ("DATABASE_URL", "KEYFOB_LIMITS", "KEYFOB_PEPPER", "KEYFOB_VALUE_PREFIX", "REDIS_URL")
"""Settings that the mock does not read: somebody's real server may be meant by them."""


CERTIFICATION = "certification"
LOG_LEVEL = "KEYFOB_LOG_LEVEL"


EARLIEST_START = parse_timestamp("2000-01-01T00:00:00Z")
LATEST_START = parse_timestamp("2199-12-31T23:59:59Z")
"""Between these there is room for the past of the fixtures, and for the clock to be advanced."""


def _checked_start(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> int | None:
    start = checked_moment(context, parameter, text)
    if start is not None and not EARLIEST_START <= start <= LATEST_START:
        raise click.BadParameter("must lie in the years 2000 to 2199.")
    return start


@click.command("mock", short_help="Serve a well-known world to build against.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. On any other than loopback, others reach it, too.",
)
@click.option(
    "--port",
    default=4010,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one, which the log names.",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A name by which it is reached on loopback beside localhost. May be given again.",
)
@click.option(
    "--fixtures",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Another world than the one that comes with Keyfob; made like it.",
)
@click.option(
    "--latency",
    "latency_ms",
    default=0,
    show_default=True,
    type=click.IntRange(0, 60_000),
    metavar="MS",
    help="Milliseconds for which every reply of the API is held back.",
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    help="Ids and values that come later follow from it, and are the same after each start.",
)
@click.option(
    "--scenario",
    type=click.Choice([CERTIFICATION]),
    help="Lead an integration through all that it has to cope with, to a pass or a fail.",
)
@click.option(
    "--start-time",
    "start",
    callback=_checked_start,
    metavar="TIME",
    help="Where its clock begins, such as 2026-03-01T09:30:00Z. Now, if left out.",
)
def mock(  # noqa: PLR0913  one for each option
    host: str,
    port: int,
    *,
    allowed_hosts: tuple[str, ...],
    fixtures: Path | None,
    latency_ms: int,
    seed: int,
    start: int | None,
    scenario: str | None,
) -> None:
    """Serve the API over a small world in memory, until stopped with Ctrl-C.

    It needs no store, no key and no settings, and forgets all that was done to it. Open its address
    in a browser: the page shows well-known keys, lines to paste, and what was received.

    \b
    Examples:
      keyfob mock
      keyfob mock --port 0 --latency 200
      keyfob mock --scenario certification
      curl -H "Prefer: code=429" http://127.0.0.1:4010/v1/visitors
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    # Connexion and uvicorn take longer to import than most commands take to run.
    from keyfob.grading.course import COURSE  # noqa: PLC0415
    from keyfob.mock.running import MockOptions, serve_mock  # noqa: PLC0415

    is_examination = scenario == CERTIFICATION
    options = MockOptions(
        host=host,
        port=port,
        allowed_hosts=allowed_hosts,
        fixtures=fixtures,
        latency_ms=latency_ms,
        seed=seed,
        start=start,
        course=COURSE if is_examination else (),
    )
    announce = _announce_examiner if is_examination else _announce
    serve_mock(_settings(is_quiet=is_examination), options, announce, _teller())


def _settings(*, is_quiet: bool) -> Settings:
    """Read them. Lines for each request would hide what somebody is to do next."""
    ignored = {*ITS_OWN, *(name + FILE_SUFFIX for name in ITS_OWN)}
    environment = {name: value for name, value in os.environ.items() if name not in ignored}
    if is_quiet and not {LOG_LEVEL, LOG_LEVEL + FILE_SUFFIX} & environment.keys():
        environment[LOG_LEVEL] = "warning"
    settings = Settings.from_environment(environment)
    configure_logs(settings.log_level, masked)
    return settings


def _announce_examiner(url: str, _world: "World") -> None:
    # Nothing to paste: it would be judged as the client's.
    click.echo(f"The mock is at {url}. Let the client that is to be certified talk to it.")


def _announce(url: str, world: "World") -> None:
    value = world.keys[0]["value"]
    click.echo(
        f"The mock is at {url}, for people and programs alike. Try:\n\n"
        f'  curl -H "Authorization: Bearer {value}" {url}/v1/visitors\n'
    )


def _teller() -> Callable[[Json], None]:
    """Answer what tells whole exercises as they come, and of what is known only the progress."""
    known: object = None

    def tell(certification: Json) -> None:
        nonlocal known
        news = [certification[name] for name in ("begunAt", "current", "newValue", "endedAt")]
        if news == known:
            click.echo(f"  {certification['progress']}")
        else:
            click.echo("\n".join(["", *certification_lines(certification)]))
        known = news

    return tell
