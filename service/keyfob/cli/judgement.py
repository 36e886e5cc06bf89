"""A grade, told to people and to build servers."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from keyfob.cli.certificate import certificate_lines
from keyfob.cli.troubles import TROUBLE
from keyfob.reply import Json

FAULTS = 1
SIGNS = {"passed": "ok   ", "fault": "FAULT", "notSeen": "?    "}


def exit_code(told: Json) -> int:
    """Answer how the command ends."""
    if told["outcome"] == "nothingToJudge":
        return TROUBLE
    certification = told["certification"]
    result = told["outcome"] if certification is None else certification["result"]
    return 0 if result == "passed" else FAULTS


def lines(told: Json) -> Iterator[str]:
    """Answer the grade as people read it: what matters most stands last."""
    for rule in told["rules"]:
        yield f"{SIGNS[rule['verdict']]}  {rule['sentence']}"
        for each in rule["evidence"]:
            numbers = ", ".join(map(str, each["requests"]))
            yield f"       {each['told']} Request{'s' * (len(each['requests']) > 1)} {numbers}."
        if rule["faults"] > len(rule["evidence"]):
            yield f"       ... {rule['faults']} times in all."
        if rule["verdict"] == "fault":
            yield f"       -> {rule['advice']}"
    yield "\nWhat no server can see, and you know:"
    for question in told["questions"]:
        yield f"  - {question}"
    yield f"\n{_conclusion(told)}"
    if told["certification"] is not None:
        yield ""
        yield from certificate_lines(told["certification"])


def junit_suite(told: Json) -> ET.Element:
    """Answer the grade as JUnit's XML: a case for each rule, and each exercise of a certification.

    In a certification what was not seen is a failure.
    """
    suite = ET.Element("testsuite", name="keyfob grade")
    for rule in told["rules"]:
        case = ET.SubElement(suite, "testcase", classname="keyfob.grade", name=rule["name"])
        if rule["verdict"] == "fault":
            evidence = " ".join(each["told"] for each in rule["evidence"])
            failure = ET.SubElement(case, "failure", message=f"Not so: {rule['sentence']}")
            failure.text = f"{evidence}\n{rule['advice']}"
        elif rule["verdict"] == "notSeen":
            ET.SubElement(case, "skipped", message="There was no occasion to tell.")
    if told["certification"] is not None:
        _add_exercises(suite, told["certification"])
    suite.set("tests", str(len(suite)))
    for name, members in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase[{members}]"))))
    return suite


def _add_exercises(suite: ET.Element, told: Json) -> None:
    for exercise in told["exercises"]:
        name = exercise["name"]
        case = ET.SubElement(suite, "testcase", classname="keyfob.certification", name=name)
        if exercise["state"] == "skipped":
            ET.SubElement(case, "skipped", message="The client's key does not permit it.")
        elif exercise["state"] != "passed":
            ET.SubElement(case, "failure", message=f"Not so, or not seen: {exercise['title']}.")


def _conclusion(told: Json) -> str:
    unseen = sum(rule["verdict"] == "notSeen" for rule in told["rules"])
    no_occasion = f" For {_rules(unseen)} there was no occasion." if unseen else ""
    match told["outcome"]:
        case "passed":
            return f"No fault was seen in {told['requests']} requests.{no_occasion}"
        case "failed":
            faults = sum(rule["verdict"] == "fault" for rule in told["rules"])
            verb = "is" if faults == 1 else "are"
            broken = f"{_rules(faults)} {verb} broken, in {told['requests']} requests."
            return f"{broken}{no_occasion}"
        case _:
            return "Nothing was received yet: let your client talk to the mock first."


def _rules(number: int) -> str:
    return "1 rule" if number == 1 else f"{number} rules"
