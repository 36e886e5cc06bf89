"""The verdict for CI servers, as JUnit's XML: a test case for each check."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from keyfob_contract.report.findings import Report, ShownCheck, story_of
from keyfob_contract.run.results import Verdict


def rendered(report: Report) -> str:
    """Answer the XML text."""
    errors = len(report.doubts)
    totals = {
        "tests": str(len(report.checks) + errors),
        "failures": str(len(report.of(Verdict.BROKEN))),
        "errors": str(errors),
        "skipped": str(len(report.of(Verdict.NOT_CHECKED))),
        "time": f"{report.seconds:.3f}",
    }
    root = Element("testsuites", {"name": "contract", **totals})
    name = f"{report.contract} at {report.subject}"
    suite = SubElement(root, "testsuite", {"name": name, "timestamp": report.started_at, **totals})
    _add_properties(suite, report)
    for check in report.checks:
        _add_case(suite, check)
    for doubt in report.doubts:
        case = SubElement(suite, "testcase", classname="contract.doubts", name=doubt, time="0")
        SubElement(case, "error", message=f"could not judge: {doubt}", type="doubt")
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_properties(suite: Element, report: Report) -> None:
    told = {
        "verdict": report.verdict,
        "part": report.part or "all checks",
        "seed": str(report.seed),
        "exchanges": str(report.exchanges),
        "kit": report.version,
    }
    properties = SubElement(suite, "properties")
    for name, value in told.items():
        SubElement(properties, "property", name=name, value=value)


def _add_case(suite: Element, check: ShownCheck) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"contract.{check.group}",
        name=check.name,
        time=f"{check.seconds:.3f}",
    )
    if check.verdict is Verdict.BROKEN:
        message = check.complaints[0].text
        failure = SubElement(case, "failure", message=message, type="broken")
        failure.text = "\n".join(story_of(check))
    elif check.verdict is Verdict.NOT_CHECKED:
        SubElement(case, "skipped", message=check.reason)
