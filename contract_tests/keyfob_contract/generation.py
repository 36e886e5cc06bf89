"""Generated requests: Schemathesis invents them from the spec, without sending any.

A list of requests that depends on the seed alone, so that a run can be repeated; real ids come in
when the requests are sent (``population``).
"""

import copy
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.core.errors import SerializationNotPossible
from schemathesis.core.result import Ok
from schemathesis.generation.drivers import CoverageGenerator, ExamplesGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.overrides import Override

from keyfob_contract.population import CURSOR_PLACEHOLDER
from keyfob_contract.target import Request

Plan = dict[str, list[Request]]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]

MODES = tuple(schemathesis.GenerationMode)
IMPATIENCE = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
_NOWHERE = "http://nowhere.example"
_OWN_HEADERS = frozenset({"authorization", "x-api-key", "host", "content-length", "connection"})
_FRAMING_HEADERS = frozenset({"transfer-encoding", "expect", "upgrade", "te", "trailer", "cookie"})


class Generator:
    """Makes requests for each operation of a spec."""

    def __init__(self, spec: Mapping[str, Any], seed_number: int) -> None:
        self._seed = seed_number
        self._config = schemathesis.Config.from_dict({"seed": seed_number})
        self._config.projects.default.generation.update(with_security_parameters=False)
        schemathesis.openapi.format("date-time", future_times())
        for name, (_, example) in _hints(spec).items():
            schemathesis.openapi.format(f"real-{name}", mostly(example))
        # Boundaries are those of the spec as it is: no text of a preferred format lies on one.
        self._plain = self._operations(spec)
        self._hinted = self._operations(with_hints(spec))

    def _operations(self, spec: Mapping[str, Any]) -> dict[str, Operation]:
        schema = schemathesis.openapi.from_dict(dict(spec), config=self._config)
        found = [r.ok() for r in schema.get_all_operations() if isinstance(r, Ok)]
        return {operation.definition.raw["operationId"]: operation for operation in found}

    def plan(self, total: int) -> Plan:
        """Answer at least ``total`` requests: examples and boundaries first, then random ones."""
        plan = {
            operation_id: [*self._examples(operation), *self._coverage(operation)]
            for operation_id, operation in self._plain.items()
        }
        growing = set(plan)
        round_number = 0
        while growing and (missing := total - sum(map(len, plan.values()))) > 0:
            share = -(-missing // len(growing))
            for operation_id in sorted(growing):
                found = self._fuzzing(self._hinted[operation_id], share, round_number)
                plan[operation_id] += found
                if len(found) < share:  # it has no more than these
                    growing.discard(operation_id)
            round_number += 1
        return plan

    def _examples(self, operation: Operation) -> Iterator[Request]:
        yield from _requests(
            ExamplesGenerator(
                operation=operation,
                override=Override(),
                feedback=FeedbackSources(),
                fill_missing=True,
            )
        )

    def _coverage(self, operation: Operation) -> Iterator[Request]:
        yield from _requests(
            CoverageGenerator(
                operation=operation,
                generation_modes=list(MODES),
                generation_config=self._config.projects.default.generation,
                auth_storage=None,
                override=Override(),
                feedback=FeedbackSources(),
            )
        )

    def _fuzzing(self, operation: Operation, count: int, round_number: int) -> list[Request]:
        cases: list[Case] = []
        for number, mode in enumerate(MODES):
            strategy = operation.as_strategy(generation_mode=mode)
            share = (count + number) // len(MODES)
            if share:
                _draw(strategy, share, hash((self._seed, round_number)), cases)
        found = list(_requests(cases))
        random.Random(self._seed).shuffle(found)  # noqa: S311  positive and negative ones mixed
        return found


def with_hints(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a copy of the spec that prefers texts for which real ones are put in later."""
    hinted = copy.deepcopy(dict(spec))
    for name, (schema, example) in _hints(hinted).items():
        schema |= {"format": f"real-{name}", "example": example}
    return hinted


def mostly(example: str) -> st.SearchStrategy[str]:
    """The example two times out of three, else something like an id."""
    others = st.from_regex(r"\A(key|site)_[0-9A-Za-z]{22}\Z|\A[a-z0-9]{1,20}\Z")
    return st.integers(0, 2).flatmap(lambda n: others if n == 0 else st.just(example))


def _hints(spec: Mapping[str, Any]) -> dict[str, tuple[dict[str, Any], str]]:
    components = spec["components"]
    parameters, schemas = components["parameters"], components["schemas"]
    site_id = parameters["SiteId"]["example"]
    return {
        "key": (parameters["KeyId"]["schema"], parameters["KeyId"]["example"]),
        "site": (parameters["SiteId"]["schema"], site_id),
        "site-filter": (parameters["SiteFilter"]["schema"], site_id),
        "site-ids": (schemas["SiteIds"]["oneOf"][1]["items"], site_id),
        "site-id": (schemas["SiteId"], site_id),
        "visitor": (parameters["VisitorId"]["schema"], parameters["VisitorId"]["example"]),
        "employee": (parameters["EmployeeId"]["schema"], parameters["EmployeeId"]["example"]),
        "delivery": (parameters["DeliveryId"]["schema"], parameters["DeliveryId"]["example"]),
        "cursor": (schemas["Cursor"], CURSOR_PLACEHOLDER),
    }


def future_times() -> st.SearchStrategy[str]:
    """Times that every implementation takes to be in the future, spelt in all the ways allowed."""
    offsets = st.sampled_from(["Z", "z", "+00:00", "+01:00", "-09:30", "+14:00"])
    fractions = st.sampled_from(["", ".1", ".123", ".123456789"])
    days = st.dates(date(2090, 1, 1), date(9998, 12, 31)).map(lambda day: day.isoformat())
    return st.builds("{}T{:02d}:30:00{}{}".format, days, st.integers(0, 23), fractions, offsets)


def _draw(
    strategy: st.SearchStrategy[Case],
    count: int,
    seed_number: int,
    cases: list[Case],
) -> None:
    @seed(seed_number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=IMPATIENCE,
    )
    @given(strategy)
    def collect(case: Case) -> None:
        cases.append(case)

    with suppress(Unsatisfiable):  # an operation without input has nothing to get wrong
        collect()


def _requests(cases: Any) -> Iterator[Request]:
    for case in cases:
        try:
            kwargs = case.as_transport_kwargs(base_url=_NOWHERE)
        except SerializationNotPossible:
            continue
        prepared = requests.Request(**kwargs).prepare()
        yield Request(
            method=prepared.method or "GET",
            target=prepared.path_url,
            headers=tuple(_sendable(prepared.headers.items())),
            body=_bytes(prepared.body),
        )


def _sendable(headers: Any) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        own = name.lower() in _OWN_HEADERS | _FRAMING_HEADERS
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if not own and text.isprintable() and text.isascii() and _is_token(name):
            yield name, text


def _is_token(name: str) -> bool:
    return re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name, re.ASCII) is not None


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
