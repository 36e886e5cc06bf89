"""A request for each operation that does what the operation is for."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from keyfob_contract.rules.spec import Contract, Operation
from keyfob_contract.run.api import Api
from keyfob_contract.run.resources import Resources
from keyfob_contract.wire.message import Request


class Samples:
    """Makes requests from the examples of the contract."""

    def __init__(self, contract: Contract, resources: Resources, rng: random.Random) -> None:
        self._contract = contract
        self._resources = resources
        self._rng = rng

    def request(
        self,
        api: Api,
        operation: Operation,
        *,
        ids: Mapping[str, str] | None = None,
        with_body: bool = True,
    ) -> Request:
        """Answer a good request, without a credential.

        Args:
            api: who is to meet the things that it names.
            operation: what it is for.
            ids: what to name in the path; by default things that exist.
            with_body: whether to give it the body that it may have.

        Raises:
            LookupError, Unexpected: there is no way to make what it names.
        """
        path = self._resources.path(api, operation, ids)
        query = {
            name: self._resources.with_real_ids(
                api, rule.invented if rule.example is None else rule.example
            )
            for name, rule in operation.query.items()
            if rule.required
        }
        request = Request(operation.method, path).with_query(**query)
        body = self._resources.body(api, operation) if with_body else None
        if body is None or operation.body is None:
            return request
        return request.with_json(body, operation.body.media_type)

    def harmless(self, api: Api, operation: Operation) -> Request:
        """Answer a request that shows who may make it, and changes nothing even if it passes.

        What is named in its path is absent; what it would create, its body is not enough for.
        """
        if operation.is_safe:
            return self.request(api, operation)
        absent = {name: self.absent(api, name) for name in operation.path_values}
        if absent:
            return self.request(api, operation, ids=absent)
        return self.request(api, operation, with_body=False).with_json({})

    def absent(self, api: Api, parameter: str) -> str:
        """Answer an id that names nothing."""
        return self._resources.absent(self._resources.any_id(api, parameter), self._rng)

    def named_things(self, operation: Operation) -> Iterator[tuple[str, str]]:
        """Answer where else than in its path an operation names things: query and body examples.

        Each as the name of the parameter of a path that such things have, and where it stands:
        a query parameter's name, or empty for the body.
        """
        for parameter, collection in self._resources.collections.items():
            if collection.example is None:
                continue
            for name, rule in operation.query.items():
                if rule.example == collection.example:
                    yield parameter, name
            for example in operation.body.examples if operation.body else ():
                if _holds(example, collection.example):
                    yield parameter, ""
                    break

    def naming(
        self, api: Api, operation: Operation, parameter: str, place: str, one: str
    ) -> Request:
        """Answer a request that names a thing in its query or body."""
        request = self.request(api, operation)
        if place:
            return request.with_query(**{place: one})
        example = self._resources.collections[parameter].example
        examples = operation.body.examples if operation.body else ()
        body = next(body for body in examples if _holds(body, example))
        named = _put(body, example, one)
        return request.with_json(self._resources.with_real_ids(api, named))


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds(each, wanted) for each in value.values())
    if isinstance(value, list):
        return any(_holds(each, wanted) for each in value)
    return value == wanted


def _put(value: Any, wanted: Any, other: Any) -> Any:
    if isinstance(value, dict):
        return {name: _put(each, wanted, other) for name, each in value.items()}
    if isinstance(value, list):
        return [_put(each, wanted, other) for each in value]
    return other if value == wanted else value
