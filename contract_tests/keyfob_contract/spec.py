"""openapi.yaml as the kit reads it: operations, and what each may answer."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from keyfob_contract.schemas import Schemas

METHODS = ("get", "put", "post", "delete", "patch")

Segments = tuple[str, ...]


class Document:
    """A parsed OpenAPI file, in which references are followed."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.spec = spec

    def resolve(self, node: Any) -> Any:
        """Answer what a node stands for, if it is a reference; else the node."""
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            node = self.at(node["$ref"])
        return node

    def at(self, reference: str) -> Any:
        """Answer what a local reference points at. Raises KeyError."""
        node: Any = self.spec
        for step in reference.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
        """Answer path, method, path item and operation of every operation."""
        for path, item in self.spec["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item, item[method]


@dataclass(frozen=True)
class HeaderRule:
    """A header of a reply, as documented."""

    required: bool
    validator: jsonschema_rs.Validator
    is_integer: bool

    def complaint(self, text: str) -> str | None:
        """Say what is wrong with a header's value, or answer None."""
        value: Any = text
        if self.is_integer:
            if not (text.isascii() and text.isdigit()):
                return "is not a whole number"
            value = int(text)
        return None if self.validator.is_valid(value) else "breaks its schema"


@dataclass(frozen=True)
class ReplyRule:
    """A documented reply; without a body validator it has no body."""

    headers: Mapping[str, HeaderRule]
    body: jsonschema_rs.Validator | None


@dataclass(frozen=True)
class QueryRule:
    """A query parameter, as documented."""

    validator: jsonschema_rs.Validator
    is_integer: bool


@dataclass(frozen=True)
class Operation:
    """An operation of the spec.

    Attributes:
        template: its path in segments; ``{name}`` stands for any.
        headers: its header parameters, all of them optional, by name in lower case.
        body: None if the operation takes none.
    """

    id: str
    method: str
    path: str
    template: Segments
    needs_key: bool
    required_scope: str | None
    path_values: Mapping[str, jsonschema_rs.Validator]
    query: Mapping[str, QueryRule]
    headers: Mapping[str, jsonschema_rs.Validator]
    body: jsonschema_rs.Validator | None
    body_required: bool
    replies: Mapping[int, ReplyRule]


class Contract:
    """All operations of a spec, compiled."""

    def __init__(self, spec: Mapping[str, Any], now_ms: Callable[[], int]) -> None:
        self.document = Document(spec)
        self._schemas = Schemas(spec, now_ms)
        self.operations = tuple(self._operation(*found) for found in self.document.operations())
        self.by_id = {operation.id: operation for operation in self.operations}
        envelope = {"$ref": "#/components/schemas/Error"}
        self.envelope = self._schemas.for_replies(envelope)
        self.status_of_code = status_by_code(spec)

    def _operation(
        self, path: str, method: str, item: dict[str, Any], operation: dict[str, Any]
    ) -> Operation:
        entries = [*item.get("parameters", []), *operation.get("parameters", [])]
        parameters = [self.document.resolve(entry) for entry in entries]
        body = self.document.resolve(operation.get("requestBody", {}))
        return Operation(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            template=segments_of(path),
            needs_key=bool(operation.get("security", self.document.spec.get("security"))),
            required_scope=operation.get("x-required-scope"),
            path_values={
                p["name"]: self._schemas.for_requests(p["schema"])
                for p in parameters
                if p["in"] == "path"
            },
            query={p["name"]: self._query_rule(p) for p in parameters if p["in"] == "query"},
            headers={
                p["name"].lower(): self._schemas.for_requests(p["schema"])
                for p in parameters
                if p["in"] == "header"
            },
            body=self._schemas.for_requests(_json_schema_of(body)) if body else None,
            body_required=body.get("required", False),
            replies={
                int(status): self._reply_rule(self.document.resolve(reply))
                for status, reply in operation["responses"].items()
            },
        )

    def _query_rule(self, parameter: dict[str, Any]) -> QueryRule:
        schema = parameter["schema"]
        return QueryRule(self._schemas.for_requests(schema), self._is_integer(schema))

    def _reply_rule(self, reply: dict[str, Any]) -> ReplyRule:
        headers = {
            name.lower(): self._header_rule(self.document.resolve(header))
            for name, header in reply.get("headers", {}).items()
        }
        body = self._schemas.for_replies(_json_schema_of(reply)) if "content" in reply else None
        return ReplyRule(headers, body)

    def _header_rule(self, header: dict[str, Any]) -> HeaderRule:
        schema = header["schema"]
        return HeaderRule(
            required=header.get("required", False),
            validator=self._schemas.for_replies(schema),
            is_integer=self._is_integer(schema),
        )

    def _is_integer(self, schema: dict[str, Any]) -> bool:
        return self.document.resolve(schema).get("type") == "integer"


def segments_of(path: str) -> Segments:
    """Split a path: ``/v1/sites`` is ``("v1", "sites")``."""
    return tuple(path.removeprefix("/").split("/"))


def status_by_code(spec: Mapping[str, Any]) -> dict[str, int]:
    """Read the table in the description of ErrorCode: every code and its status."""
    description = spec["components"]["schemas"]["ErrorCode"]["description"]
    rows = re.findall(r"^\|(.+?)\| ([0-9]{3}) \|", description, re.MULTILINE)
    return {code: int(status) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)}


def _json_schema_of(holder: dict[str, Any]) -> Any:
    return holder["content"]["application/json"]["schema"]
