"""A certification, told to people: by the mock as it goes on, and with the grade."""

from collections.abc import Iterator

from keyfob.reply import Json

RESULTS = {
    "underWay": "NOT PASSED YET",
    "passed": "PASSED",
    "failed": "FAILED",
    "rehearsed": "REHEARSED",
}
SIGNS = {"passed": "ok", "failed": "FAILED", "skipped": "-", "toCome": " ", "current": ">"}


def certification_lines(told: Json) -> Iterator[str]:
    """Answer where it is, and what is to be done next."""
    exercises = told["exercises"]
    for number, exercise in enumerate(exercises, 1):
        if exercise["name"] == told["current"] and told["endedAt"] is None:
            yield f"Certification, exercise {number} of {len(exercises)}: {exercise['title']}."
    if told["endedAt"] is not None:
        yield f"Certification: {RESULTS[told['result']]}."
    yield f"  {told['next']}"


def certificate_lines(told: Json) -> Iterator[str]:
    """Answer the whole of it."""
    yield f"Certification: {RESULTS[told['result']]}"
    if told["keyId"] is not None:
        who = told["userAgent"] or "nameless"
        yield f"  of {who}, with {told['keyId']}, by Keyfob {told['keyfobVersion']}"
    for exercise in told["exercises"]:
        yield f"  {SIGNS[exercise['state']]:<6}  {exercise['title']}"
    for aid in told["aids"]:
        yield f"  helped  {aid}"
    if told["otherRequests"]:
        yield f"  {told['otherRequests']} requests with other keys were not judged."
    yield f"  Next: {told['next']}"
