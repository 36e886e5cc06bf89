"""The answer to "your service said no, and gave me this request id"."""

import json
from collections.abc import Iterator
from typing import Any

import click

from keyfob.cli.session import opened_keyfob
from keyfob.cli.troubles import Trouble
from keyfob.schemas.usage import request_json
from keyfob.store.requests import TracedRequest
from keyfob.timestamps import format_timestamp

NOT_KEPT = (
    "Nothing is kept of a request with this id. Kept are the latest 100 requests of each key, and"
    " errors for KEYFOB_TRACE_DAYS days, half a second after the reply. The log tells of every"
    " request: search it for the id."
)


@click.command("request", short_help="Tell what became of a request.")
@click.argument("request_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def request(request_id: str, *, as_json: bool) -> None:
    """Tell what became of the request REQUEST_ID, whoever sent it, with a known key or without.

    The id is the requestId of an error, and the X-Request-Id of every reply.

    \b
    Example:
      keyfob request req_5hG2kQ9sLwX1vB7nM3cR8t
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    with opened_keyfob() as keyfob:
        kept = keyfob.usage_reports.everything_of(request_id)
    if not kept:
        raise Trouble(NOT_KEPT)
    told = kept[0], next((each for each in kept[1:] if each.judged), None)
    click.echo(json.dumps(_as_json(*told)) if as_json else "\n".join(_as_text(*told)))


def _as_json(asked: TracedRequest, judged: TracedRequest | None) -> dict[str, Any]:
    return _row(asked) | {"judgedKey": None if judged is None else _row(judged)}


def _row(row: TracedRequest) -> dict[str, Any]:
    return request_json(row) | {"organizationId": row.organization_id, "judged": row.judged}


def _as_text(asked: TracedRequest, judged: TracedRequest | None) -> Iterator[str]:
    yield f"request   {asked.request_id}"
    yield f"at        {format_timestamp(asked.at)}"
    yield f"asked     {_clean(asked.method)} {_clean(asked.path)} ({asked.operation or 'nothing'})"
    yield f"answered  {asked.status} {asked.code} in {asked.duration_us / 1000} ms"
    yield f"key       {_key(asked)}"
    yield f"client    {_clean(asked.client)} {_clean(asked.user_agent)}".rstrip()
    if judged is not None:
        yield f"judged    {_key(judged)}: {judged.code}"


def _key(row: TracedRequest) -> str:
    if row.key_id is None:
        return "none that is known"
    about = ", which verifyApiKey was asked about" if row.judged else ""
    return f"{row.key_id} (value {row.secret_version}) of {row.organization_id}{about}"


def _clean(text: str) -> str:
    """Take out what a terminal might obey: the text came from outside."""
    return "".join(each if each.isprintable() else "?" for each in text)
