"""The operations on what keys were used for."""

from keyfob.domain.keyfob import Keyfob
from keyfob.model import Actor
from keyfob.reply import Reply
from keyfob.schemas.usage import moment, request_json, usage_json


def get_api_key_usage(
    keyfob: Keyfob, actor: Actor, key_id: str, since: str | None, until: str | None
) -> Reply:
    """Answer how a key was used."""
    usage = keyfob.usage_reports.usage(actor, key_id, moment(since), moment(until))
    return Reply(200, usage_json(usage))


def get_request(keyfob: Keyfob, actor: Actor, request_id: str) -> Reply:
    """Answer what became of a request."""
    return Reply(200, request_json(keyfob.usage_reports.request(actor, request_id)))
