"""What the contract gives as examples."""

from collections.abc import Iterator

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.api import Api
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.message import Request

NOT_TAKEN = frozenset({400, 401, 405, 406, 413, 415, 422})
"""What is asked for may be forbidden, absent or in another state, but not be wrong in itself."""


@check()
def examples_are_taken(kit: Kit) -> Iterator[Complaint]:
    """Every operation takes what the contract gives as examples of what to send."""
    tried = 0
    for operation in kit.operations(needing_a_key=False):
        api = kit.asker(operation)
        for request in _requests(kit, api, operation):
            exchange = api.ask(request)
            tried += 1
            if exchange.status == operation.success:
                kit.adopt(operation, exchange)
            is_given = operation.body is None or not operation.body.is_invented
            is_promised = is_given or kit.profile.strictness.schemas
            if is_promised and exchange.status in NOT_TAKEN:
                yield exchange.complaint(f"{operation.id} did not take an example")
    if not tried:
        raise NotChecked("none of the operations can be asked for anything")


def _requests(kit: Kit, api: Api, operation: Operation) -> Iterator[Request]:
    """Answer a good request for each example of a body; what one may change, it alone names."""
    for number in range(max(1, len(operation.body.examples) if operation.body else 0)):
        named = operation.path.rpartition("{")[2].partition("}")[0]
        ids: dict[str, str] = {}
        if not operation.is_safe and named in kit.resources.collections:
            ids[named] = kit.resources.fresh(api, named)
        request = kit.samples.request(api, operation, ids=ids, with_body=False)
        if operation.body is not None and operation.body.examples:
            body = kit.resources.example(api, operation, number)
            request = request.with_json(body, operation.body.media_type)
        yield request
