"""Requests and replies, to the byte."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        target: path and query, percent-encoded, as they go over the wire.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the question mark."""
        return self.target.partition("?")[2]

    def header_values(self, name: str) -> list[str]:
        """Answer every value of a header, without the blanks around it."""
        return [value.strip(" \t") for key, value in self.headers if key.lower() == name.lower()]

    def with_headers(self, *headers: tuple[str, str]) -> "Request":
        """Answer the request with more headers."""
        return replace(self, headers=(*self.headers, *headers))

    def with_json(self, body: Any, media_type: str = "application/json") -> "Request":
        """Answer the request with a JSON body, labelled as such, in the place of any other."""
        others = [each for each in self.headers if each[0].lower() != "content-type"]
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return replace(self, headers=(*others, ("Content-Type", media_type)), body=text)

    def with_query(self, **parameters: object) -> "Request":
        """Answer the request with more query parameters; None leaves one out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        if not given:
            return self
        joint = "&" if self.query else "?"
        return replace(self, target=f"{self.target}{joint}{urlencode(given)}")


@dataclass(frozen=True)
class Reply:
    """A reply; the names of its headers are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Answer the first value of a header, or None."""
        return next((value for key, value in self.headers if key == name), None)

    @cached_property
    def json(self) -> Any:
        """The body, parsed. Raises ValueError."""
        return json.loads(self.body)
