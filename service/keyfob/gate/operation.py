"""An operation of the spec, compiled once at start from what Connexion parsed."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from connexion.operations import OpenAPIOperation
from connexion.resolver import Resolver
from connexion.spec import Specification

from keyfob.errors import Problem, ValidationFailed
from keyfob.gate.json_body import demand_json, parse_json
from keyfob.gate.parameters import Parameter, read_headers, read_query
from keyfob.gate.request import Request
from keyfob.gate.validation import Schema
from keyfob.model import SCOPE_BY_WORD, Clock, Scope
from keyfob.reply import Reply

Handler = Callable[..., Reply]

_TAKEN = frozenset({"keyfob", "actor", "body"})
_NO_MEMBERS = {"type": "object", "properties": {}, "additionalProperties": False}


class SpecMismatch(Exception):
    """The spec and the code do not fit together; the start stops here."""


@dataclass(frozen=True, slots=True)
class BodyRule:
    """What an operation takes as its body."""

    schema: Schema
    required: bool
    is_argument: bool

    def read(self, request: Request) -> tuple[Any, list[Problem]]:
        """Answer the parsed body, and what is wrong with it.

        Raises:
            UnsupportedMediaType, MalformedJson.
        """
        if not request.body:
            return None, [Problem("", "a JSON body is required")] if self.required else []
        demand_json(request)
        body = parse_json(request.body)
        return body, self.schema.problems(body)


@dataclass(frozen=True, slots=True)
class Operation:
    """All that the gate needs to know of one operation.

    Attributes:
        needs_key: it is closed to whoever has no live key.
        required_scope: what that key must hold; the empty set for any key.
        path: the template, as the log and the usage records name it.
    """

    id: str
    method: str
    path: str
    needs_key: bool
    required_scope: Scope
    path_parameters: Mapping[str, Parameter]
    query_parameters: Mapping[str, Parameter]
    header_parameters: tuple[Parameter, ...]
    body: BodyRule
    handler: Handler
    wants: frozenset[str]

    def arguments(self, request: Request, path_values: Mapping[str, str]) -> dict[str, Any]:
        """Read everything that the request says, and refuse it with all its problems at once.

        Raises:
            UnsupportedMediaType, MalformedJson, ValidationFailed.
        """
        body, problems = self.body.read(request)
        arguments, query_problems = read_query(request.query, self.query_parameters)
        problems.extend(query_problems)
        if self.header_parameters:
            from_headers, header_problems = read_headers(request, self.header_parameters)
            arguments |= from_headers
            problems.extend(header_problems)
        for name, text in path_values.items():
            parameter = self.path_parameters[name]
            arguments[parameter.argument], found = parameter.read(text)
            problems.extend(found)
        if problems:
            raise ValidationFailed(*problems)
        if self.body.is_argument:
            arguments["body"] = body
        return arguments


METHODS = frozenset({"get", "put", "post", "delete", "patch"})


def compile_operations(
    specification: Specification, resolver: Resolver, clock: Clock
) -> Iterable[Operation]:
    """Compile every operation of a spec.

    Raises:
        SpecMismatch, ResolverError: a handler is missing, or does not fit.
    """
    for path, item in specification["paths"].items():
        for method in METHODS & item.keys():
            parsed = OpenAPIOperation.from_spec(
                specification, path=path, method=method, resolver=resolver
            )
            entry = cast("Mapping[str, Any]", specification.get_operation(path, method))
            yield compile_operation(parsed, _required_scope(entry), clock)


def compile_operation(spec: OpenAPIOperation, required_scope: Scope, clock: Clock) -> Operation:
    """Compile an operation, and hold its handler to it.

    Raises:
        SpecMismatch: the spec lacks something, or the handler asks for something else.
    """
    parameters = [_parameter(entry, clock) for entry in spec.parameters]
    body_schema = spec.body_schema("application/json") if spec.request_body else None
    operation = Operation(
        id=spec.operation_id,
        method=spec.method.upper(),
        path=spec.path,
        needs_key=bool(spec.security),
        required_scope=required_scope,
        path_parameters={p.name: p for p in parameters if p.place == "path"},
        query_parameters={p.name: p for p in parameters if p.place == "query"},
        header_parameters=tuple(p for p in parameters if p.place == "header"),
        body=BodyRule(
            schema=Schema(body_schema or _NO_MEMBERS, clock),
            required=bool(spec.request_body.get("required")),
            is_argument=body_schema is not None,
        ),
        handler=spec.function,
        wants=frozenset(inspect.signature(spec.function).parameters),
    )
    _demand_fitting_handler(operation, {p.argument for p in parameters})
    return operation


def snake_case(name: str) -> str:
    """Turn ``siteId`` into ``site_id``, and ``If-Match`` into ``if_match``."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).replace("-", "_").lower()


def _parameter(entry: Mapping[str, Any], clock: Clock) -> Parameter:
    schema = entry["schema"]
    argument = snake_case(entry["name"])
    return Parameter(
        name=entry["name"],
        argument=f"{argument}_" if argument in _TAKEN else argument,
        place=entry["in"],
        schema=Schema(schema, clock),
        is_integer=schema.get("type") == "integer",
        default=schema.get("default"),
    )


def _required_scope(entry: Mapping[str, Any]) -> Scope:
    if "x-required-scope" not in entry:
        raise SpecMismatch(f"{entry['operationId']} does not say x-required-scope")
    word = entry["x-required-scope"]
    return Scope(0) if word is None else SCOPE_BY_WORD[word]


def _demand_fitting_handler(operation: Operation, arguments: set[str]) -> None:
    offered = arguments | {"keyfob"}
    offered |= {"actor"} if operation.needs_key else set()
    offered |= {"body"} if operation.body.is_argument else set()
    missing = (arguments | (offered & {"body"})) - operation.wants
    if missing or not operation.wants <= offered:
        raise SpecMismatch(
            f"the handler of {operation.id} takes {sorted(operation.wants)},"
            f" the spec offers {sorted(offered)}"
        )
