"""The replies that openapi.yaml documents, with their examples and headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from keyfob.gate.envelope import for_gateways
from keyfob.gate.operation import METHODS, Operation
from keyfob.reply import Json, Reply

_MADE_ANEW = frozenset({"X-Request-Id", "Cache-Control", "X-Keyfob-Error"})
_OF_A_CHARGE = frozenset({"RateLimit-Policy", "RateLimit"})


@dataclass(frozen=True, slots=True)
class DocumentedReply:
    """One status of one operation.

    Attributes:
        headers: an example of each, but for those that are made anew for each reply.
        examples: bodies by name; none at all if the reply has no body.
        tells_limit: the headers of the rate limit are among the documented ones.
    """

    status: int
    headers: Mapping[str, str]
    examples: Mapping[str, Json]
    tells_limit: bool

    @property
    def takes_retry_after(self) -> bool:
        """Whether it tells how long to wait."""
        return "Retry-After" in self.headers

    def reply(
        self, operation: Operation, example: str | None, request_id: str, retry_after: int | None
    ) -> Reply:
        """Answer it as if the service had.

        Args:
            operation: whose reply it is.
            example: the name of its body; the first, if left out.
            request_id: that an error is to tell.
            retry_after: seconds to wait, instead of the example's.
        """
        headers = dict(self.headers)
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        if not self.examples:
            return Reply(self.status, None, headers)
        body = self.examples[example or next(iter(self.examples))]
        if self.status == HTTPStatus.CREATED:
            headers["Location"] = f"{operation.path}/{body['id']}"
        if self.status < HTTPStatus.BAD_REQUEST:
            return Reply(self.status, body, headers)
        reply = Reply(self.status, {"error": {**body["error"], "requestId": request_id}}, headers)
        return for_gateways(reply) if operation.id == "authorize" else reply


Documented = Mapping[str, Mapping[int, DocumentedReply]]
"""The replies of each operation, by its id and their status, the lowest first."""


def documented_replies(spec: Mapping[str, Any]) -> Documented:
    """Answer every reply of every operation of a spec."""
    return {
        operation["operationId"]: {
            int(status): _documented(spec, int(status), _resolved(spec, response))
            for status, response in sorted(operation["responses"].items())
        }
        for item in spec["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    }


def _documented(
    spec: Mapping[str, Any], status: int, response: Mapping[str, Any]
) -> DocumentedReply:
    headers = response.get("headers", {})
    content = response.get("content", {}).get("application/json", {})
    return DocumentedReply(
        status=status,
        headers={
            name: str(_resolved(spec, header)["example"])
            for name, header in headers.items()
            if name not in _MADE_ANEW | _OF_A_CHARGE
        },
        examples={
            name: _resolved(spec, example)["value"]
            for name, example in content.get("examples", {}).items()
        },
        tells_limit=headers.keys() >= _OF_A_CHARGE,
    )


def _resolved(spec: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in entry:
        found: Any = spec
        for step in entry["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        entry = found
    return entry
