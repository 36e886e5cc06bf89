"""The spec as it is published: the file that everything here is made from, word for word."""

from http import HTTPStatus
from typing import Any

import orjson

from keyfob.gate.answer import Answer, answer_of
from keyfob.gate.envelope import refuse
from keyfob.gate.judge import Case
from keyfob.gate.refusals import MethodNotAllowed
from keyfob.gate.request import Request


class PublishedSpec:
    """Answers ``/openapi.yaml`` and, for programs without YAML, ``/openapi.json``; to anybody."""

    def __init__(self, text: bytes, parsed: dict[str, Any]) -> None:
        self._files = {
            b"/openapi.yaml": ("application/yaml; charset=utf-8", text),
            b"/openapi.json": ("application/json", orjson.dumps(parsed)),
        }

    def hold(self, request: Request) -> bool:
        """Say whether this is a request for the spec."""
        return request.raw_path in self._files

    def answer(self, case: Case) -> Answer:
        """Answer the file, or that it cannot be changed."""
        request = case.request
        case.is_page = True
        case.path = request.raw_path.decode("ascii")
        if request.method not in {"GET", "HEAD"}:
            refused = MethodNotAllowed("GET, HEAD")
            case.code = refused.code
            return answer_of(refuse(refused, request.id))
        content_type, content = self._files[request.raw_path]
        return Answer(HTTPStatus.OK, (("Content-Type", content_type),), content)
