"""What a handler answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A key that was judged on somebody's behalf, which counts as its use.

    Attributes:
        code: of the verdict, ``OK`` if it was good.
        scope: that was asked about, if any.
    """

    organization_id: str
    key_id: str
    secret_version: int
    code: str
    scope: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is bytes.

    Attributes:
        body: what becomes the JSON text; None for no body at all.
        headers: beyond those that every reply carries.
        judged: the key, other than the caller's, of which the reply tells what it is worth.
    """

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    judged: Judged | None = None
