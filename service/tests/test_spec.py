"""openapi.yaml keeps the rules of the house, and each rule notices when it does not."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from keyfob import handlers
from keyfob.gate.envelope import REFUSALS
from keyfob.gate.operation import snake_case
from keyfob.spec import load_spec
from keyfob_contract.rules import house_rules
from keyfob_contract.rules.house_rules import RULES, Rule, Spec
from keyfob_contract.rules.spec import Document, status_by_code

# 405 is no reply of any operation, so there is no place for an example of it.
WITHOUT_EXAMPLE = frozenset({"METHOD_NOT_ALLOWED"})


def sent_refusals_are_documented(spec: Spec) -> Iterator[str]:
    """Every refusal of the service is in the spec, with its status and its very message."""
    statuses = status_by_code(spec)
    messages = _example_messages(spec)
    for word, told in REFUSALS.items():
        if statuses.get(word.code) != told.status:
            yield f"{word.code} is not documented with {told.status}"
        if word.code not in WITHOUT_EXAMPLE and messages.get(word.code) != {told.message}:
            yield f"{word.code} is not exemplified with the message that is sent"


def documented_codes_are_sent(spec: Spec) -> Iterator[str]:
    """No code is promised that the service does not know."""
    known = {word.code for word in REFUSALS}
    for code in spec["components"]["schemas"]["ErrorCode"]["enum"]:
        if code not in known:
            yield f"nothing ever answers {code}"


def operations_have_handlers(spec: Spec) -> Iterator[str]:
    """Every operation has its function."""
    for *_, operation in Document(spec).operations():
        if not callable(getattr(handlers, snake_case(operation["operationId"]), None)):
            yield f"nobody handles {operation['operationId']}"


def _example_messages(spec: Spec) -> dict[str, set[str]]:
    messages: dict[str, set[str]] = {}
    for example in spec["components"]["examples"].values():
        error = example["value"].get("error") if isinstance(example["value"], dict) else None
        if error:
            messages.setdefault(error["code"], set()).add(error["message"])
    return messages


ALL_RULES: tuple[Rule, ...] = (
    *RULES,
    sent_refusals_are_documented,
    documented_codes_are_sent,
    operations_have_handlers,
)


@pytest.fixture
def spec() -> Spec:
    return copy.deepcopy(load_spec())


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.__name__)
def test_the_spec_keeps_the_rule(spec: Spec, rule: Rule) -> None:
    assert list(rule(spec)) == []


# --- planted flaws ---------------------------------------------------------------------------

ERROR_CODE = "components/schemas/ErrorCode"
LIST_KEYS = "paths|/v1/api-keys|get"


def plant(spec: Spec, where: str, value: Any) -> None:
    """Put a value at a place (steps parted by ``|`` or ``/``), or remove what is there."""
    *steps, last = where.split("|" if "|" in where else "/")
    node: Any = spec
    for step in steps:
        node = node[int(step) if isinstance(node, list) else step]
    if value is REMOVED:
        del node[last]
    elif last == "+":
        node.append(value)
    else:
        node[last] = value


REMOVED = object()
Flaw = tuple[Rule, str, Any]

FLAWS: dict[str, Flaw] = {
    "no_responses": (house_rules.it_is_openapi, f"{LIST_KEYS}|responses", REMOVED),
    "no_401": (house_rules.refusals_are_documented, f"{LIST_KEYS}|responses|401", REMOVED),
    "no_429": (house_rules.refusals_are_documented, f"{LIST_KEYS}|responses|429", REMOVED),
    "no_500_in_public": (
        house_rules.refusals_are_documented,
        "paths|/healthz|get|responses|500",
        REMOVED,
    ),
    "scope_unsaid": (house_rules.scopes_are_said, f"{LIST_KEYS}|x-required-scope", REMOVED),
    "scope_unknown": (house_rules.scopes_are_said, f"{LIST_KEYS}|x-required-scope", "keys:peek"),
    "snake_case_id": (
        house_rules.operation_ids_are_names,
        f"{LIST_KEYS}|operationId",
        "list_api_keys",
    ),
    "twice_the_same_id": (
        house_rules.operation_ids_are_names,
        f"{LIST_KEYS}|operationId",
        "getApiKey",
    ),
    "endless_text": (
        house_rules.strings_are_bounded,
        "components/schemas/Name/maxLength",
        REMOVED,
    ),
    "endless_time": (
        house_rules.strings_are_bounded,
        "components/schemas/Timestamp/maxLength",
        REMOVED,
    ),
    "endless_header": (
        house_rules.strings_are_bounded,
        "components/headers/Location/schema/maxLength",
        REMOVED,
    ),
    "endless_list": (house_rules.lists_are_bounded, "components/schemas/Scopes/maxItems", REMOVED),
    "endless_alternative": (
        house_rules.lists_are_bounded,
        "components/schemas/SiteIds/oneOf/1/maxItems",
        REMOVED,
    ),
    "open_object": (
        house_rules.objects_are_closed,
        "components/schemas/Site/additionalProperties",
        REMOVED,
    ),
    "openly_open_object": (
        house_rules.objects_are_closed,
        "components/schemas/Error/properties/error/additionalProperties",
        True,
    ),
    "unexplained_code": (house_rules.error_codes_are_explained, f"{ERROR_CODE}/enum/+", "NEW"),
    "request_without_example": (
        house_rules.bodies_have_examples,
        "paths|/v1/sites|post|requestBody|content|application/json|examples",
        REMOVED,
    ),
    "reply_without_example": (
        house_rules.bodies_have_examples,
        "components|responses|NotFound|content|application/json|examples",
        {},
    ),
    "wrong_example": (
        house_rules.examples_obey_their_schemas,
        "components/examples/ApiKeyUpdateRename/value",
        {"name": " "},
    ),
    "example_of_another_shape": (
        house_rules.examples_obey_their_schemas,
        "components/examples/NotFound/value/error/details",
        None,
    ),
    "time_without_milliseconds": (
        house_rules.examples_obey_their_schemas,
        "components/examples/Headquarters/value/createdAt",
        "2026-02-01T08:00:00Z",
    ),
    "example_that_will_expire": (
        house_rules.examples_obey_their_schemas,
        "components/examples/ApiKeyCreateOneSite/value/expiresAt",
        "2030-01-01T00:00:00Z",
    ),
    "wrong_lone_example": (
        house_rules.examples_obey_their_schemas,
        "components/schemas/Name/example",
        "",
    ),
    "unused_schema": (
        house_rules.components_are_used,
        "components/schemas/Forgotten",
        {"type": "string", "maxLength": 1},
    ),
    "word_of_the_inside": (
        house_rules.the_inside_stays_inside,
        f"{LIST_KEYS}|description",
        "One SQLite query.",
    ),
    "router_extension": (
        house_rules.the_inside_stays_inside,
        f"{LIST_KEYS}|x-openapi-router-controller",
        "keyfob",
    ),
    "another_message": (
        sent_refusals_are_documented,
        "components/examples/NotFound/value/error/message",
        "Nope.",
    ),
    "another_status": (
        sent_refusals_are_documented,
        f"{ERROR_CODE}/description",
        "| `NOT_FOUND` | 410 | gone |",
    ),
    "code_that_nobody_sends": (documented_codes_are_sent, f"{ERROR_CODE}/enum/+", "NEW"),
    "operation_that_nobody_handles": (
        operations_have_handlers,
        f"{LIST_KEYS}|operationId",
        "enumerateApiKeys",
    ),
}


@pytest.mark.parametrize(("rule", "where", "value"), FLAWS.values(), ids=FLAWS.keys())
def test_the_rule_notices_a_planted_flaw(spec: Spec, rule: Rule, where: str, value: Any) -> None:
    before = set(rule(spec))
    plant(spec, where, value)
    assert set(rule(spec)) - before


def test_every_rule_has_a_planted_flaw() -> None:
    assert {rule for rule, *_ in FLAWS.values()} == set(ALL_RULES)
