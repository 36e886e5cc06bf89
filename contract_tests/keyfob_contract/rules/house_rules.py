"""What openapi.yaml itself must keep, beyond what linters ask: one function for each rule.

Each takes the parsed file and answers its complaints; each names the place.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator

from keyfob_contract.rules.schemas import Schemas
from keyfob_contract.rules.spec import Document, status_by_code

Spec = dict[str, Any]
Rule = Callable[[Spec], Iterator[str]]

# Examples of times to come have to be that for as long as anybody reads them.
EXAMPLES_ARE_READ_UNTIL_MS = 4_039_372_800_000  # 2098-01-01
INSIDE = re.compile(
    r"handler|connexion|flask|peewee|marshmallow|python|\bsql\w*|x-openapi-router-controller",
    re.IGNORECASE,
)

_NESTED_LISTS = ("allOf", "oneOf", "anyOf")
_CONSTANT_PATTERN = re.compile(r"\^[\w /-]+\$")
_CAMEL_CASE = re.compile(r"[a-z]+([A-Z][a-z]+)*")


def it_is_openapi(spec: Spec) -> Iterator[str]:
    """The file is what OpenAPI 3.0 says it is."""
    for error in OpenAPIV30SpecValidator(spec).iter_errors():
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message}"


def refusals_are_documented(spec: Spec) -> Iterator[str]:
    """Each operation documents 500, and each that needs a key 401 and 429."""
    for operation in _operations(spec):
        public = operation.get("security", spec.get("security")) == []
        for status in ("500",) if public else ("401", "429", "500"):
            if status not in operation["responses"]:
                yield f"{operation['operationId']} does not document {status}"


def scopes_are_said(spec: Spec) -> Iterator[str]:
    """Each operation says the scope that it needs, or null."""
    known = [*spec["components"]["schemas"]["Scope"]["enum"], None]
    for operation in _operations(spec):
        if operation.get("x-required-scope", "unsaid") not in known:
            yield f"{operation['operationId']} does not say an x-required-scope that exists"


def operation_ids_are_names(spec: Spec) -> Iterator[str]:
    """Each operationId is camelCase and there once: generated clients make methods of them."""
    ids = Counter(operation.get("operationId", "") for operation in _operations(spec))
    for operation_id, times in ids.items():
        if times > 1:
            yield f"{operation_id} is there {times} times"
        if not _CAMEL_CASE.fullmatch(operation_id):
            yield f"{operation_id!r} is not camelCase"


def strings_are_bounded(spec: Spec) -> Iterator[str]:
    """Each text has a longest length, or only so many values."""
    for where, schema in schemas_of(spec):
        constant = _CONSTANT_PATTERN.fullmatch(schema.get("pattern", ""))
        bounded = constant or "enum" in schema or "maxLength" in schema
        if schema.get("type") == "string" and not bounded:
            yield f"{where} has no maxLength"


def lists_are_bounded(spec: Spec) -> Iterator[str]:
    """Each list has a longest length."""
    for where, schema in schemas_of(spec):
        if schema.get("type") == "array" and "maxItems" not in schema:
            yield f"{where} has no maxItems"


def objects_are_closed(spec: Spec) -> Iterator[str]:
    """No object takes members that the spec does not name."""
    for where, schema in schemas_of(spec):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            yield f"{where} is open"


def error_codes_are_explained(spec: Spec) -> Iterator[str]:
    """The table in the description of ErrorCode has every code of its enum, and no other."""
    listed = set(spec["components"]["schemas"]["ErrorCode"]["enum"])
    for code in sorted(listed ^ set(status_by_code(spec))):
        yield f"{code} is only in the {'enum' if code in listed else 'table'} of ErrorCode"


def bodies_have_examples(spec: Spec) -> Iterator[str]:
    """Each request and each reply shows at least one named example."""
    for where, holder, _ in _media_types(spec):
        if not holder.get("examples"):
            yield f"{where} has no named example"


def examples_obey_their_schemas(spec: Spec) -> Iterator[str]:
    """Each example is one."""
    document = Document(spec)
    schemas = Schemas(spec, lambda: EXAMPLES_ARE_READ_UNTIL_MS, utc_times=True)
    for where, holder, is_request in _media_types(spec):
        make = schemas.for_requests if is_request else schemas.for_replies
        validator = make(holder["schema"])
        for name, example in holder.get("examples", {}).items():
            for error in validator.iter_errors(document.resolve(example).get("value")):
                yield f"{where}, example {name}, /{_path(error.instance_path)}: {error.message}"
    for where, schema, example in _lone_examples(spec):
        for error in schemas.for_requests(schema).iter_errors(example):
            yield f"{where}, example, /{_path(error.instance_path)}: {error.message}"


def components_are_used(spec: Spec) -> Iterator[str]:
    """What nothing refers to is not there."""
    used = {text for where, text in _texts(spec) if where.endswith("/$ref")}
    used |= {f"#/components/securitySchemes/{name}" for entry in spec["security"] for name in entry}
    for kind, components in spec["components"].items():
        for name in components:
            if f"#/components/{kind}/{name}" not in used:
                yield f"components/{kind}/{name} is not used"


def the_inside_stays_inside(spec: Spec) -> Iterator[str]:
    """The published text names nothing of how the service is built."""
    for where, text in _texts(spec):
        for word in INSIDE.findall(text):
            yield f"{where} says {word!r}"


RULES: tuple[Rule, ...] = (
    it_is_openapi,
    refusals_are_documented,
    scopes_are_said,
    operation_ids_are_names,
    strings_are_bounded,
    lists_are_bounded,
    objects_are_closed,
    error_codes_are_explained,
    bodies_have_examples,
    examples_obey_their_schemas,
    components_are_used,
    the_inside_stays_inside,
)


def schemas_of(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Answer every schema in a spec with the place where it stands, nested ones too."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from schemas_of(item, f"{where}/{index}")
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        at = f"{where}/{key}"
        if at == "/components/schemas":
            for name, schema in value.items():
                yield from _nested(schema, f"{at}/{name}")
        elif key == "schema":
            yield from _nested(value, at)
        elif key not in {"example", "examples"}:
            yield from schemas_of(value, at)


def _nested(schema: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield where, schema
    for name, member in schema.get("properties", {}).items():
        yield from _nested(member, f"{where}/properties/{name}")
    if "items" in schema:
        yield from _nested(schema["items"], f"{where}/items")
    for key in _NESTED_LISTS:
        for index, alternative in enumerate(schema.get(key, [])):
            yield from _nested(alternative, f"{where}/{key}/{index}")


def _operations(spec: Spec) -> Iterator[dict[str, Any]]:
    for *_, operation in Document(spec).operations():
        yield operation


def _media_types(spec: Spec) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Answer every body: where it is, its media type object, and whether it is a request's."""
    document = Document(spec)
    for operation in _operations(spec):
        bodies = {"request": operation["requestBody"]} if "requestBody" in operation else {}
        for name, holder in {**bodies, **operation["responses"]}.items():
            for media_type in document.resolve(holder).get("content", {}).values():
                yield f"{operation['operationId']} {name}", media_type, name == "request"


def _lone_examples(spec: Spec) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for where, schema in schemas_of(spec):
        if "example" in schema:
            yield where, schema, schema["example"]
    for kind in ("parameters", "headers"):
        for name, component in spec["components"].get(kind, {}).items():
            if "example" in component:
                yield f"components/{kind}/{name}", component["schema"], component["example"]


def _texts(node: Any, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield where, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield f"{where}/{key}", str(key)
            yield from _texts(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _texts(item, f"{where}/{index}")


def _path(steps: Any) -> str:
    return "/".join(map(str, steps))
