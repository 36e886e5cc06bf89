"""The grade of a client, fetched from the mock that it talked to."""

import json
import time
import xml.etree.ElementTree as ET
from typing import TextIO

import click

from keyfob.cli.judgement import exit_code, junit_suite, lines
from keyfob.cli.troubles import Trouble
from keyfob.reply import Json

TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.5


@click.command("grade", short_help="Judge the client that talked to a mock.")
@click.option(
    "--url",
    default="http://127.0.0.1:4010",
    show_default=True,
    help="Where the mock is.",
)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(0),
    default=0,
    metavar="SECONDS",
    help="How long to wait for the end of a certification.",
)
@click.option("--json", "json_file", type=click.File("w"), help="Write the grade as JSON, too.")
@click.option("--junit", "junit_file", type=click.File("w"), help="Write it for a build server.")
def grade(
    url: str, wait_seconds: float, json_file: TextIO | None, junit_file: TextIO | None
) -> int:
    """Judge the client that talked to a mock: is it careful with keys, retries and lists?

    Exit codes: 0 no fault was seen, 1 there are faults, 2 nothing could be judged. If the mock was
    started with --scenario certification: 0 it has passed, 1 it has not, or not yet.

    \b
    Examples, after the client's own tests have run against the mock:
      keyfob grade --url http://127.0.0.1:4010 --junit grade.xml
      keyfob grade --wait 200 --json certificate.json
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    told = _decided(url, wait_seconds)
    click.echo("\n".join(lines(told)))
    if json_file is not None:
        json.dump(told, json_file, indent=2)
    if junit_file is not None:
        junit_file.write(ET.tostring(junit_suite(told), encoding="unicode"))
    return exit_code(told)


def _decided(url: str, wait_seconds: float) -> Json:
    deadline = time.monotonic() + wait_seconds
    told = _fetched(url)
    if wait_seconds > 0 and told["certification"] is None:
        raise Trouble(
            f"There is nothing to wait for: the mock at {url} certifies nobody. Leave out --wait,"
            " or start it with --scenario certification."
        )
    while _is_under_way(told) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        told = _fetched(url)
    return told


def _is_under_way(told: Json) -> bool:
    return told["certification"] is not None and told["certification"]["result"] == "underWay"


def _fetched(url: str) -> Json:
    import httpx  # noqa: PLC0415  takes longer to import than most commands take to run

    try:
        reply = httpx.get(f"{url.rstrip('/')}/_mock/grade", timeout=TIMEOUT_SECONDS)
        told = reply.json()
        if reply.is_success and {"outcome", "rules", "questions", "certification"} <= told.keys():
            return told
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        raise Trouble(
            f"No mock answers at {url}: {error}. Start one with `keyfob mock`, or name it with"
            " --url."
        ) from error
    raise Trouble(f"What answers at {url} is no mock: only `keyfob mock` can grade.")
