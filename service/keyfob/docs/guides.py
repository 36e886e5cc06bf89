"""The guides, in the order in which they are read."""

from typing import NamedTuple

import flask
from werkzeug.exceptions import NotFound

from keyfob.docs.advice import ADVICE
from keyfob.docs.codes import error_codes
from keyfob.model import Scope


class Guide(NamedTuple):
    """One page.

    Attributes:
        name: the last segment of its address.
        lead: what one finds there, in a sentence.
    """

    name: str
    title: str
    lead: str


GUIDES = [
    Guide("getting-started", "Getting started", "From a new key to your first visitor."),
    Guide("authentication", "Authentication", "How a request says whose it is, and what that may."),
    Guide("errors", "Errors", "One shape, and every code: what it means and what to do."),
    Guide("rate-limits", "Rate limits", "How much is left, and how to wait for more."),
    Guide("rotation", "Rotation without downtime", "A new value, and not one request refused."),
    Guide("best-practices", "Best practices", "What keeps keys safe and integrations calm."),
]
_BY_NAME = {each.name: each for each in GUIDES}


def guide(name: str) -> str:
    """Show a guide. Raises NotFound."""
    if name not in _BY_NAME:
        raise NotFound
    position = GUIDES.index(_BY_NAME[name])
    return flask.render_template(
        f"docs/{name}.html",
        guide=GUIDES[position],
        following=GUIDES[position + 1] if position + 1 < len(GUIDES) else None,
        codes=error_codes(),
        advice=ADVICE,
        scopes=[scope.value for scope in Scope],
    )
