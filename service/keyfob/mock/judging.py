"""The grade as the mock tells it, with the way of a certification if there is one."""

from keyfob import __version__
from keyfob.grading.certification import Result
from keyfob.grading.grade import grade
from keyfob.mock.examiner import Examiner
from keyfob.mock.journal import Journal
from keyfob.mock.schemas import grade_json
from keyfob.reply import Json
from keyfob.timestamps import format_timestamp


def judged(examiner: Examiner, journal: Journal) -> Json:
    """Answer a ``Grade`` as of now: of the client that is examined, or of all that was received."""
    if not examiner.is_at_work:
        return grade_json(grade([*journal.entries()]), None)
    examiner.look()
    return grade_json(examiner.certification.grade(), certification_json(examiner))


def certification_json(examiner: Examiner) -> Json:
    """Answer a certification as ``Certification``."""
    certification = examiner.certification
    current = certification.current
    return {
        "result": certification.result.value,
        "current": None if current is None else current.name,
        "next": _next(examiner),
        "progress": certification.progress(examiner.now).told,
        "keyId": certification.key_id,
        "userAgent": certification.user_agent,
        "keyfobVersion": __version__,
        "newValue": examiner.new_value,
        "exercises": [
            {
                "name": exercise.name,
                "title": exercise.title,
                "task": exercise.task,
                "rules": list(exercise.rules),
                "state": state.value,
            }
            for exercise, state in certification.states()
        ],
        "aids": list(certification.aids),
        "otherRequests": certification.others,
        "begunAt": _time(certification.begun_at),
        "endedAt": _time(certification.ended_at),
    }


def _next(examiner: Examiner) -> str:
    match examiner.certification.result:
        case Result.UNDER_WAY:
            return _task(examiner)
        case Result.PASSED:
            return "Keep this as the certificate."
        case Result.FAILED:
            told = "What was not seen is not passed."
            return f"Mend what the rules name, then {_anew(examiner)}. {told}"
        case Result.REHEARSED:
            return f"It would have passed, but was helped. Without help, {_anew(examiner)}."


def _task(examiner: Examiner) -> str:
    certification, now = examiner.certification, examiner.now
    told = certification.progress(now).told
    task = "" if certification.current is None else certification.current.task
    if certification.key_id is None:
        told = (
            f"Give it a key that may do what it needs and nothing else: {examiner.advised_key}. The"
            " first key that talks to the mock is the one that is certified."
        )
    elif examiner.new_value is not None and certification.was_refused:
        told = f"The new value is {examiner.new_value}: give it to the client."
    elif certification.current is certification.course[0]:
        told += f" {certification.key_id} came first. If it is not the client's, {_anew(examiner)}."
    return f"{task} {told}"


def _anew(examiner: Examiner) -> str:
    return f"begin anew with `curl -X POST {examiner.url}/_mock/reset`"


def _time(moment: int | None) -> str | None:
    return None if moment is None else format_timestamp(moment)
