"""An OpenAPI file as the kit reads it: operations, and what each may answer."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from keyfob_contract.rules.invention import invented
from keyfob_contract.rules.profile import Profile
from keyfob_contract.rules.schemas import Schemas

METHODS = ("get", "put", "post", "delete", "patch")
JSON = "application/json"

Json = Any
Segments = tuple[str, ...]


class SpecError(Exception):
    """The file is no OpenAPI file that the kit can read; the message says why."""


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
        for path, reference in self.spec["paths"].items():
            item = self.resolve(reference)
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
class LinkRule:
    """What a reply says may be asked next.

    Attributes:
        operation_id: of what may be asked; empty if the file does not have it.
        parameters: runtime expressions (OpenAPI, section "Link Object"), by parameter.
        body: a runtime expression or a value, if the link has one.
    """

    name: str
    operation_id: str
    parameters: Mapping[str, Any]
    body: Any = None


@dataclass(frozen=True)
class ReplyRule:
    """A documented reply.

    Attributes:
        media_types: of its body; none if it has no body.
        body: for a body of JSON.
        members: that the schema of such a body names.
    """

    headers: Mapping[str, HeaderRule]
    media_types: frozenset[str]
    body: jsonschema_rs.Validator | None
    members: frozenset[str] = frozenset()
    links: tuple[LinkRule, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query, of the path or a header, as documented.

    Attributes:
        example: a value that fits, if the file has one.
        invented: another one, which may do without.
    """

    name: str
    validator: jsonschema_rs.Validator
    schema: Mapping[str, Any]
    required: bool
    example: Any = None
    invented: Any = None

    @property
    def is_integer(self) -> bool:
        """Whether it is a whole number."""
        return type_of(self.schema) == "integer"

    @property
    def is_text(self) -> bool:
        """Whether it is a text. What is neither may be spelt in ways that the kit does not read."""
        return type_of(self.schema) == "string"


@dataclass(frozen=True)
class BodyRule:
    """The JSON body that an operation takes.

    Attributes:
        examples: those of the file that are valid, or else one that was invented, if that could be.
        is_invented: whether the file has none.
    """

    validator: jsonschema_rs.Validator
    schema: Mapping[str, Any]
    media_type: str
    examples: tuple[Json, ...]
    is_invented: bool


@dataclass(frozen=True)
class Operation:
    """An operation of the spec.

    Attributes:
        template: its path in segments; ``{name}`` stands for any.
        headers: its header parameters, by name in lower case.
        body: None if the operation takes none, or none of JSON.
        body_required: whether it demands a body, of whatever kind.
        replies: by status; 0 stands for ``default``, 2 for ``2XX`` and so on.
    """

    id: str
    method: str
    path: str
    template: Segments
    needs_key: bool
    required_scope: str | None
    path_values: Mapping[str, Parameter]
    query: Mapping[str, Parameter]
    headers: Mapping[str, Parameter]
    body: BodyRule | None
    body_required: bool
    replies: Mapping[int, ReplyRule]

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing, by its method (RFC 9110, section 9.2.1)."""
        return self.method == "GET"

    @property
    def success(self) -> int:
        """The status of its success, as documented."""
        return min((status for status in self.replies if 200 <= status < 300), default=200)

    def reply_rule(self, status: int) -> ReplyRule | None:
        """Answer the rule of a status, if one is documented."""
        for key in (status, status // 100, 0):
            if key in self.replies:
                return self.replies[key]
        return None


class Contract:
    """All operations of a spec, compiled."""

    def __init__(
        self,
        spec: Mapping[str, Any],
        now_ms: Callable[[], int],
        profile: Profile,
    ) -> None:
        if not str(spec.get("openapi", "")).startswith("3.") or "paths" not in spec:
            raise SpecError("it is no OpenAPI 3 file: there is no `openapi: 3.…` with `paths`")
        self.document = Document(spec)
        self.profile = profile
        self._schemas = Schemas(spec, now_ms, utc_times=profile.strictness.utc_times)
        try:
            self.operations = tuple(self._operation(*found) for found in self.document.operations())
            schema = profile.errors.schema
            self.envelope = self._schemas.for_replies({"$ref": schema}) if schema else None
        except (LookupError, TypeError, AttributeError) as error:
            raise SpecError(f"it is incomplete: {type(error).__name__} {error}") from error
        self.by_id = {operation.id: operation for operation in self.operations}
        self.status_of_code = status_by_code(spec)

    def _operation(
        self, path: str, method: str, item: dict[str, Any], operation: dict[str, Any]
    ) -> Operation:
        entries = [*item.get("parameters", []), *operation.get("parameters", [])]
        parameters = [self.document.resolve(entry) for entry in entries]
        security = operation.get("security", self.document.spec.get("security"))
        body = self.document.resolve(operation.get("requestBody", {}))

        def of(place: str) -> dict[str, Parameter]:
            found = [self._parameter(p) for p in parameters if p["in"] == place]
            return {p.name.lower() if place == "header" else p.name: p for p in found}

        return Operation(
            id=operation.get("operationId", f"{method.upper()} {path}"),
            method=method.upper(),
            path=path,
            template=segments_of(path),
            needs_key=bool(security) and {} not in security,
            required_scope=operation.get("x-required-scope"),
            path_values=of("path"),
            query=of("query"),
            headers=of("header"),
            body=self._body_rule(body.get("content", {})),
            body_required=body.get("required", False),
            replies={
                _status(status): self._reply_rule(self.document.resolve(reply))
                for status, reply in operation["responses"].items()
            },
        )

    def _parameter(self, parameter: dict[str, Any]) -> Parameter:
        schema = self.document.resolve(parameter.get("schema", {}))
        return Parameter(
            name=parameter["name"],
            validator=self._schemas.for_requests(schema),
            schema=schema,
            required=parameter.get("required", False),
            example=next(iter(self._examples(parameter, schema)), None),
            invented=invented(self.document.resolve, schema),
        )

    def _body_rule(self, content: dict[str, Any]) -> BodyRule | None:
        media_type = next((each for each in content if is_json(each)), None)
        if media_type is None:
            return None
        media = content[media_type]
        schema = self.document.resolve(media.get("schema", {}))
        validator = self._schemas.for_requests(media.get("schema", {}))
        given = self._examples(media, schema)
        examples = given or [invented(self.document.resolve, schema)]
        return BodyRule(
            validator=validator,
            schema=schema,
            media_type=media_type,
            examples=tuple(each for each in examples if validator.is_valid(each)),
            is_invented=not given,
        )

    def _examples(self, holder: dict[str, Any], schema: Json) -> list[Any]:
        """Answer what a parameter or a body and its schema give as examples of it."""
        named = [self.document.resolve(each) for each in holder.get("examples", {}).values()]
        found = [
            holder.get("example"),
            *(each.get("value") for each in named),
            schema.get("example"),
            *schema.get("examples", ()),
        ]
        return [each for each in found if each is not None]

    def _reply_rule(self, reply: dict[str, Any]) -> ReplyRule:
        headers = {
            name.lower(): self._header_rule(self.document.resolve(header))
            for name, header in reply.get("headers", {}).items()
        }
        content = reply.get("content", {})
        schema = next((m.get("schema", {}) for t, m in content.items() if is_json(t)), None)
        return ReplyRule(
            headers,
            frozenset(media_type.lower() for media_type in content),
            None if schema is None else self._schemas.for_replies(schema),
            frozenset(self._members(schema)),
            tuple(self._link_rule(*each) for each in reply.get("links", {}).items()),
        )

    def _members(self, node: Json) -> Iterator[str]:
        schema = self.document.resolve(node)
        if isinstance(schema, dict):
            yield from schema.get("properties", ())
            for part in schema.get("allOf", ()):
                yield from self._members(part)

    def _link_rule(self, name: str, reference: dict[str, Any]) -> LinkRule:
        link = self.document.resolve(reference)
        operation_id = link.get("operationId", "")
        if "operationRef" in link:
            *_, path, method = link["operationRef"].split("/")
            path = path.replace("~1", "/").replace("~0", "~")
            item = self.document.resolve(self.document.spec["paths"].get(path, {}))
            operation_id = item.get(method, {}).get("operationId", f"{method.upper()} {path}")
        return LinkRule(name, operation_id, link.get("parameters", {}), link.get("requestBody"))

    def _header_rule(self, header: dict[str, Any]) -> HeaderRule:
        schema = header.get("schema", {})
        return HeaderRule(
            required=header.get("required", False),
            validator=self._schemas.for_replies(schema),
            is_integer=type_of(self.document.resolve(schema)) == "integer",
        )


def segments_of(path: str) -> Segments:
    """Split a path: ``/v1/sites`` is ``("v1", "sites")``."""
    return tuple(path.removeprefix("/").split("/"))


def type_of(schema: Mapping[str, Any]) -> str | None:
    """Answer the one type that a schema names, null aside; None if it names none or many."""
    kinds = schema.get("type")
    named = [k for k in kinds if k != "null"] if isinstance(kinds, list) else [kinds]
    return named[0] if len(named) == 1 else None


def is_json(media_type: str) -> bool:
    """Say whether bodies of a media type are JSON (RFC 6839, section 3.1)."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain == JSON or plain.endswith("+json")


def status_by_code(spec: Mapping[str, Any]) -> dict[str, int]:
    """Read the table in the description of ErrorCode, if there is one: each code and its status."""
    schema = spec.get("components", {}).get("schemas", {}).get("ErrorCode", {})
    rows = re.findall(r"^\|(.+?)\| ([0-9]{3}) \|", schema.get("description", ""), re.MULTILINE)
    return {code: int(status) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)}


def _status(text: object) -> int:
    known = str(text).upper()
    if known == "DEFAULT":
        return 0
    return int(known[0]) if known.endswith("XX") else int(known)
