"""Generated requests: Schemathesis invents them from the spec, without sending any.

They depend on the seed alone, so that a run can be repeated; real ids come in when the requests
are sent (``substitution``).
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis.core.errors import SerializationNotPossible
from schemathesis.core.result import Ok
from schemathesis.generation.drivers import CoverageGenerator, ExamplesGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.overrides import Override

from keyfob_contract.generated.hints import Hints
from keyfob_contract.rules.spec import Contract
from keyfob_contract.rules.spec import Operation as ContractOperation
from keyfob_contract.wire.message import Request

Plan = dict[str, list[Request]]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]

MODES = tuple(schemathesis.GenerationMode)
SHARE_OF_COVERAGE = 0.6  # at most, of all requests; the rest is random
IMPATIENCE = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
_NOWHERE = "http://nowhere.example"
_UNWANTED_HEADERS = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "expect", "upgrade", "te"}
    | {"trailer", "cookie", "x-schemathesis-testcaseid"}
)


class Generator:
    """Makes requests for some operations of a contract."""

    def __init__(
        self,
        contract: Contract,
        operations: Sequence[ContractOperation],
        hints: Hints,
        seed_number: int,
    ) -> None:
        self._places = {o.id: (o.method, o.path) for o in operations}
        self._seed = seed_number
        self._config = schemathesis.Config.from_dict({"seed": seed_number})
        self._config.projects.default.generation.update(with_security_parameters=False)
        for name, strategy in hints.strategies():
            schemathesis.openapi.format(name, strategy)
        spec = contract.document.spec
        # Boundaries are those of the spec as it is: no text of a preferred format lies on one.
        self._plain = self._operations(hints.on(spec, ids=False))
        self._hinted = self._operations(hints.on(spec))
        headers = contract.profile.credentials.headers
        self._own_headers = _UNWANTED_HEADERS | {h.partition(":")[0].lower() for h in headers}

    def plan(self, total: int, has_time: Callable[[], bool] = lambda: True) -> Plan:
        """Answer at most ``total`` requests, but some for each operation.

        Examples come first, then boundaries, then random ones. Without the time for it, the last
        operations get none.
        """
        examples: Plan = {}
        coverage: Plan = {}
        for operation_id, operation in self._plain.items():
            if has_time():
                examples[operation_id] = list(self._examples(operation))
                coverage[operation_id] = list(self._coverage(operation))
        laid_down = sum(map(len, coverage.values()))
        part = min(1.0, SHARE_OF_COVERAGE * total / max(laid_down, 1))
        rng = random.Random(self._seed)
        plan = {
            operation_id: [*requests, *_some(coverage[operation_id], part, rng)]
            for operation_id, requests in examples.items()
        }
        self._fill(plan, total, has_time)
        return plan

    def _fill(self, plan: Plan, total: int, has_time: Callable[[], bool]) -> None:
        growing = set(plan)
        round_number = 0
        while growing and (missing := total - sum(map(len, plan.values()))) > 0:
            share = -(-missing // len(growing))
            for operation_id in sorted(growing):
                if not has_time():
                    return
                found = self._fuzzing(self._hinted[operation_id], share, round_number)
                plan[operation_id] += found
                if len(found) < share:  # it has no more than these
                    growing.discard(operation_id)
            round_number += 1

    def _operations(self, spec: Mapping[str, Any]) -> dict[str, Operation]:
        schema = schemathesis.openapi.from_dict(dict(spec), config=self._config)
        found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
        by_place = {(operation.method.upper(), operation.path): operation for operation in found}
        known = self._places.items()
        return {name: by_place[place] for name, place in known if place in by_place}

    def _examples(self, operation: Operation) -> Iterator[Request]:
        return self._requests(
            ExamplesGenerator(
                operation=operation,
                override=Override(),
                feedback=FeedbackSources(),
                fill_missing=True,
            )
        )

    def _coverage(self, operation: Operation) -> Iterator[Request]:
        return self._requests(
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
        found = list(self._requests(cases))
        random.Random(self._seed).shuffle(found)
        return found

    def _requests(self, cases: Iterable[Case]) -> Iterator[Request]:
        for case in cases:
            try:
                kwargs = case.as_transport_kwargs(base_url=_NOWHERE)
            except SerializationNotPossible:
                continue
            prepared = requests.Request(**kwargs).prepare()
            yield Request(
                method=prepared.method or "GET",
                target=prepared.path_url,
                headers=tuple(self._sendable(prepared.headers.items())),
                body=_bytes(prepared.body),
            )

    def _sendable(self, headers: Any) -> Iterator[tuple[str, str]]:
        for name, value in headers:
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            is_own = name.lower() in self._own_headers
            if not is_own and text.isprintable() and text.isascii() and _is_token(name):
                yield name, text


def _some(found: Sequence[Request], part: float, rng: random.Random) -> list[Request]:
    """Answer a part of the requests, in their order."""
    number = max(1, round(part * len(found)))
    chosen = rng.sample(range(len(found)), min(number, len(found)))
    return [found[index] for index in sorted(chosen)]


def _draw(strategy: SearchStrategy[Case], count: int, seed_number: int, cases: list[Case]) -> None:
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


def _is_token(name: str) -> bool:
    return re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name, re.ASCII) is not None


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
