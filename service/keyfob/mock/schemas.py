"""What the mock tells of itself, in JSON."""

from typing import cast

from marshmallow import Schema, fields, post_dump, post_load

from keyfob.grading.entry import Entry
from keyfob.grading.grade import QUESTIONS, Grade
from keyfob.grading.rule import Judgement, Rule
from keyfob.mock.clock import MockClock
from keyfob.mock.failures import Step
from keyfob.reply import Json
from keyfob.schemas.fields import Timestamp
from keyfob.timestamps import format_timestamp

MOST_EVIDENCE = 10


class EntrySchema(Schema):
    """An ``Entry``, without its fingerprints."""

    number = fields.Integer()
    at = Timestamp()
    method = fields.String()
    path = fields.String()
    operation_id = fields.String(data_key="operationId")
    query_names = fields.List(fields.String(), data_key="queryNames")
    headers = fields.Dict()
    client = fields.String()
    key_in_url = fields.Boolean(data_key="keyInUrl")
    key_id = fields.String(data_key="keyId")
    secret_version = fields.Integer(data_key="secretVersion")
    outcome = fields.String()
    status = fields.Integer()
    code = fields.String()
    retry_after = fields.Integer(data_key="retryAfter")
    request_id = fields.String(data_key="requestId")
    answered_at = Timestamp(data_key="answeredAt")
    scripted = fields.Boolean()
    delay_ms = fields.Integer(data_key="delayMs")


class StepSchema(Schema):
    """A ``Failure`` as a ``Step``, and back."""

    operation_id = fields.String(data_key="operationId")
    times = fields.Integer()
    status = fields.Integer()
    example = fields.String()
    retry_after = fields.Integer(data_key="retryAfter")
    drop = fields.Boolean()
    delay_ms = fields.Integer(data_key="delayMs")

    @post_load
    def make(self, values: Json, **_kwargs: object) -> Step:
        """Turn the members into the step."""
        return Step(**values)

    @post_dump
    def leave_out(self, members: Json, **_kwargs: object) -> Json:
        """Tell what was said."""
        return {
            name: value
            for name, value in members.items()
            if value is not None and value is not False
        }


_ENTRY = EntrySchema()
_STEP = StepSchema()


def entry_json(entry: Entry) -> Json:
    """Answer an entry as ``Entry``."""
    return cast("Json", _ENTRY.dump(entry))


def step_json(step: Step) -> Json:
    """Answer a step as ``Failure``."""
    return cast("Json", _STEP.dump(step))


def step_of(body: Json) -> Step:
    """Read a ``Failure``."""
    return cast("Step", _STEP.load(body))


def clock_json(clock: MockClock) -> Json:
    """Answer the time as ``Clock``."""
    return {"now": format_timestamp(clock()), "advancedSeconds": clock.advanced_seconds}


def grade_json(grade: Grade, certification: Json | None) -> Json:
    """Answer a grade as ``Grade``."""
    return {
        "outcome": grade.outcome.value,
        "requests": grade.requests,
        "rules": [_rule_json(rule, judgement) for rule, judgement in grade.judgements],
        "questions": list(QUESTIONS),
        "certification": certification,
    }


def _rule_json(rule: Rule, judgement: Judgement) -> Json:
    return {
        "name": rule.name,
        "sentence": rule.sentence,
        "verdict": judgement.verdict.value,
        "faults": len(judgement.faults),
        "evidence": [
            {"told": fault.told, "requests": list(fault.numbers)}
            for fault in judgement.faults[:MOST_EVIDENCE]
        ],
        "advice": rule.advice,
    }
