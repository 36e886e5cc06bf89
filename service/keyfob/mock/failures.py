"""Replies that were scripted: what the next requests are to meet."""

from collections.abc import Iterator
from dataclasses import dataclass

from keyfob.gate.operation import Operation
from keyfob.mock.documented import Documented, DocumentedReply

SOON_SECONDS = 1
"""What Retry-After tells unless a step says more: who tries something out is not to wait long."""


@dataclass(slots=True, kw_only=True, eq=False)
class Step:
    """Something that befalls the next requests that it fits.

    Attributes:
        operation_id: whose requests; None for those of any operation that needs a key.
        times: how many are still to come.
        status: of a documented reply that is sent instead of the service's own, which then never
            sees the request.
        drop: the request is carried out, and its reply lost.
        delay_ms: the reply is held back for so long.
        only_creations: it waits for a request that creates something.
    """

    operation_id: str | None = None
    times: int = 1
    status: int | None = None
    example: str | None = None
    retry_after: int | None = None
    drop: bool = False
    delay_ms: int | None = None
    only_creations: bool = False

    def fits(self, operation: Operation, documented: Documented) -> bool:
        """Say whether it can befall a request of this operation."""
        if self.operation_id is not None and self.operation_id != operation.id:
            return False
        if self.operation_id is None and not operation.needs_key:
            return False  # whoever asks for the health of the process should not use it up
        if self.only_creations and not creates(operation):
            return False
        replies = documented[operation.id]
        if self.status is None:
            return True
        return self.status in replies and (
            self.example is None or self.example in replies[self.status].examples
        )


def creates(operation: Operation) -> bool:
    """Say whether an operation makes something that is there once more if it is repeated."""
    return any(each.name == "Idempotency-Key" for each in operation.header_parameters)


class Script:
    """Steps, each of which waits for its turn."""

    def __init__(self, documented: Documented) -> None:
        self._documented = documented
        self.steps: list[Step] = []

    def take(self, operation: Operation) -> Step | None:
        """Answer the first step that fits a request of this operation, and count it."""
        for step in self.steps:
            if step.fits(operation, self._documented):
                step.times -= 1
                if step.times == 0:
                    self.steps.remove(step)
                return step
        return None


def complaints_about(step: Step, documented: Documented) -> Iterator[tuple[str, str]]:
    """Answer by member what cannot be done."""
    if step.operation_id is not None and step.operation_id not in documented:
        yield "operationId", "is no operation of the API"
    elif step.status is not None:
        yield from _complaints_about_reply(step, step.status, documented)
    if step.status is None:
        for member, value in (("example", step.example), ("retryAfter", step.retry_after)):
            if value is not None:
                yield member, "needs a status beside it"
        if not step.drop and step.delay_ms is None:
            yield "", "needs at least one of status, drop and delayMs"
    elif step.drop:
        yield "drop", "goes with no status: the reply that is lost is the service's own"


def _complaints_about_reply(
    step: Step, status: int, documented: Documented
) -> Iterator[tuple[str, str]]:
    operations = documented if step.operation_id is None else (step.operation_id,)
    replies = [documented[name] for name in operations]
    found = [each[status] for each in replies if status in each]
    if not found:
        statuses = sorted({each for documented_here in replies for each in documented_here})
        yield "status", f"is not documented; these are: {', '.join(map(str, statuses))}"
        return
    examples = sorted({name for reply in found for name in reply.examples})
    if step.example is not None and step.example not in examples:
        yield "example", f"is no example of {status}; these are: {', '.join(examples)}"
    if step.retry_after is not None and not any(map(_takes_retry_after, found)):
        yield "retryAfter", f"is nothing that {status} tells"


def _takes_retry_after(reply: DocumentedReply) -> bool:
    return reply.takes_retry_after
