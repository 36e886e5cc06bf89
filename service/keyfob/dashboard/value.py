"""The page that shows a value: the answer to Generate or Rotate, and to nothing else."""

import flask

from keyfob.model import ApiKey


def value_page(key: ApiKey, value: str, *, rotated: bool) -> str:
    """Show a value. No later page can: it is kept nowhere."""
    return flask.render_template("value.html", key=key, value=value, rotated=rotated)
