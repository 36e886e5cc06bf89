"""Files that we ship with the pages: read once, and kept by browsers for as long as they like."""

import hashlib
import mimetypes
import re
from functools import cached_property
from pathlib import Path

import flask
from flask import Response
from werkzeug.exceptions import NotFound

from keyfob.gate.pages import MAY_BE_KEPT

mimetypes.add_type("font/woff2", ".woff2")

ENDPOINT = "asset"
FOR_EVER = "public, max-age=31536000, immutable"


class Assets:
    """The files of a folder, by their path in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, name: str) -> str:
        """Answer where a file is; the address changes with its content."""
        return flask.url_for(ENDPOINT, name=name, v=self._versions[name])

    def response(self, name: str) -> Response:
        """Answer a file. Raises NotFound."""
        if name not in self._contents:
            raise NotFound
        kind = mimetypes.guess_type(name)[0]
        response = Response(self._contents[name], content_type=kind)
        if flask.request.args.get("v") == self._versions[name]:
            response.headers["Cache-Control"] = FOR_EVER
            flask.request.environ[MAY_BE_KEPT] = True
        return response

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        files = (path for path in self._folder.rglob("*") if path.is_file())
        plain = {path.relative_to(self._folder).as_posix(): path.read_bytes() for path in files}

        def versioned(found: re.Match[bytes]) -> bytes:
            name = found[1].decode()
            return f'url("{name}?v={_version(plain[name])}")'.encode()

        # A style sheet names what else it needs: that may be kept, too, under its own version.
        return {
            name: _NAMED.sub(versioned, content) if name.endswith(".css") else content
            for name, content in plain.items()
        }

    @cached_property
    def _versions(self) -> dict[str, str]:
        return {name: _version(content) for name, content in self._contents.items()}


_NAMED = re.compile(rb'url\("([^":]+)"\)')  # those without a scheme, as data: is one


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
