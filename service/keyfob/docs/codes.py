"""The error codes, as the spec lists them."""

import re
from dataclasses import dataclass
from functools import cache

from keyfob.gate.envelope import REFUSALS
from keyfob.spec import load_spec

_ROW = re.compile(r"^\| (`[A-Z_`, ]+`) \| (\d{3}) \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code.

    Attributes:
        meaning: what has happened, in the spec's words.
        what_to_do: the message that comes with it.
    """

    code: str
    status: int
    meaning: str
    what_to_do: str


@cache
def error_codes() -> list[ErrorCode]:
    """Answer every code of the spec, in its order.

    Raises KeyError for a code that the spec does not explain, or that the service never answers.
    """
    schema = load_spec()["components"]["schemas"]["ErrorCode"]
    messages = {word.code: told.message for word, told in REFUSALS.items()}
    explained = {
        code: (int(row[2]), row[3])
        for row in _ROW.finditer(schema["description"])
        for code in re.findall(r"[A-Z_]+", row[1])
    }
    return [ErrorCode(code, *explained[code], messages[code]) for code in schema["enum"]]
