"""The pages of the documentation, by their addresses."""

from flask import Blueprint

from keyfob.docs.examples_shown import example
from keyfob.docs.guides import GUIDES, guide
from keyfob.docs.reference import reference
from keyfob.docs.wording import with_code


def create_docs() -> Blueprint:
    """Put the documentation together."""
    docs = Blueprint("docs", __name__, url_prefix="/docs", template_folder="templates")
    docs.add_url_rule("/", "reference", reference)
    docs.add_url_rule("/<name>", "guide", guide)
    docs.context_processor(lambda: {"guides": GUIDES, "example": example})
    docs.add_app_template_filter(with_code, "with_code")
    return docs
