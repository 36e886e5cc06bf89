"""The grade of a client, fetched from the mock that it talked to."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any, TextIO

import click

from keyfob.cli.troubles import TROUBLE, Trouble

FAULTS = 1
TIMEOUT_SECONDS = 30
SIGNS = {"passed": "ok   ", "fault": "FAULT", "notSeen": "?    "}


@click.command("grade", short_help="Judge the client that talked to a mock.")
@click.option(
    "--url",
    default="http://127.0.0.1:4010",
    show_default=True,
    help="Where the mock is.",
)
@click.option("--json", "json_file", type=click.File("w"), help="Write the grade as JSON, too.")
@click.option("--junit", "junit_file", type=click.File("w"), help="Write it for a build server.")
def grade(url: str, json_file: TextIO | None, junit_file: TextIO | None) -> int:
    """Judge the client that talked to a mock: is it careful with keys, retries and lists?

    Exit codes: 0 no fault was seen, 1 there are faults, 2 nothing could be judged.

    \b
    Example, after the client's own tests have run against the mock:
      keyfob grade --url http://127.0.0.1:4010 --junit grade.xml
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    told = _fetched(url)
    click.echo("\n".join(_as_text(told)))
    if json_file is not None:
        json.dump(told, json_file, indent=2)
    if junit_file is not None:
        junit_file.write(ET.tostring(_as_junit(told), encoding="unicode"))
    return {"passed": 0, "failed": FAULTS}.get(told["outcome"], TROUBLE)


def _fetched(url: str) -> dict[str, Any]:
    import httpx  # noqa: PLC0415  takes longer to import than most commands take to run

    try:
        reply = httpx.get(f"{url.rstrip('/')}/_mock/grade", timeout=TIMEOUT_SECONDS)
        told = reply.json()
        if reply.is_success and {"outcome", "rules", "questions"} <= told.keys():
            return told
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        raise Trouble(
            f"No mock answers at {url}: {error}. Start one with `keyfob mock`, or name it with"
            " --url."
        ) from error
    raise Trouble(f"What answers at {url} is no mock: only `keyfob mock` can grade.")


def _as_text(told: dict[str, Any]) -> Iterator[str]:
    for rule in told["rules"]:
        yield f"{SIGNS[rule['verdict']]}  {rule['sentence']}"
        for each in rule["evidence"]:
            yield f"       {each['told']} Requests {', '.join(map(str, each['requests']))}."
        if rule["faults"] > len(rule["evidence"]):
            yield f"       ... {rule['faults']} times in all."
        if rule["verdict"] == "fault":
            yield f"       -> {rule['advice']}"
    yield "\nWhat no server can see, and you know:"
    for question in told["questions"]:
        yield f"  - {question}"
    yield f"\n{_conclusion(told)}"


def _conclusion(told: dict[str, Any]) -> str:
    unseen = sum(rule["verdict"] == "notSeen" for rule in told["rules"])
    no_occasion = f" For {unseen} rules there was no occasion." if unseen else ""
    match told["outcome"]:
        case "passed":
            return f"No fault was seen in {told['requests']} requests.{no_occasion}"
        case "failed":
            faults = sum(rule["verdict"] == "fault" for rule in told["rules"])
            return f"{faults} rules are broken, in {told['requests']} requests.{no_occasion}"
        case _:
            return "Nothing was received yet: let your client talk to the mock first."


def _as_junit(told: dict[str, Any]) -> ET.Element:
    verdicts = [rule["verdict"] for rule in told["rules"]]
    suite = ET.Element(
        "testsuite",
        name="keyfob grade",
        tests=str(len(verdicts)),
        failures=str(verdicts.count("fault")),
        skipped=str(verdicts.count("notSeen")),
    )
    for rule in told["rules"]:
        case = ET.SubElement(suite, "testcase", classname="keyfob.grade", name=rule["name"])
        if rule["verdict"] == "fault":
            evidence = " ".join(each["told"] for each in rule["evidence"])
            failure = ET.SubElement(case, "failure", message=f"Not so: {rule['sentence']}")
            failure.text = f"{evidence}\n{rule['advice']}"
        elif rule["verdict"] == "notSeen":
            ET.SubElement(case, "skipped", message="There was no occasion to tell.")
    return suite
