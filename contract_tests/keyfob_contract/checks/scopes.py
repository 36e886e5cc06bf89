"""Every operation with every single scope: exactly the one that it names lets through."""

from collections.abc import Iterator

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.run.kit import Kit


@check("createApiKey")
def each_operation_demands_its_scope(kit: Kit) -> Iterator[Complaint]:
    """A key with the scope that an operation names may call it; with any other scope it may not."""
    words = sorted({o.required_scope for o in kit.operations() if o.required_scope})
    if not words:
        raise NotChecked("no operation of the contract names a scope")
    requests = [(o, kit.samples.harmless(kit.live, o)) for o in kit.operations()]
    for word in kit.scopes():
        holder = kit.keyring.make(f"only {word}", scopes=[word]).api
        told = holder.ask_together([request for _, request in requests])
        for (operation, _), exchange in zip(requests, told, strict=True):
            refused = exchange.answer == (403, "SCOPE_INSUFFICIENT")
            needed = operation.required_scope
            if needed in {None, word} and refused:
                yield exchange.complaint(f"{operation.id} refused a key with {word}")
            elif needed not in {None, word} and not refused:
                yield exchange.complaint(
                    f"{operation.id} needs {needed}, and answered {exchange.status} to a key with"
                    f" {word} alone"
                )
            elif refused and _told(exchange.json) != needed:
                yield exchange.complaint(f"{operation.id} does not tell that {needed} is required")


def _told(body: dict[str, dict[str, dict[str, str]]]) -> str | None:
    return body["error"].get("details", {}).get("required")
