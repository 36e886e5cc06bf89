"""Code in the guides: files that run as they are, shown with the address of this server."""

from functools import cache
from pathlib import Path

import flask
from markupsafe import Markup

EXAMPLES = Path(__file__).parent / "examples"
TOLD_URL = "http://127.0.0.1:8080"
_LANGUAGES = {".sh": "curl", ".py": "Python"}


def example(name: str) -> Markup:
    """Answer an example as it is shown."""
    code = _read(name).replace(TOLD_URL, flask.request.host_url.rstrip("/"))
    language = _LANGUAGES[Path(name).suffix]
    shown = flask.render_template("docs/example.html", name=name, language=language, code=code)
    return Markup(shown)  # noqa: S704  the template has escaped it


@cache
def _read(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8").rstrip()
