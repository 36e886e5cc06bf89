"""What is to become of a request: the service's own reply, or another, late or lost."""

from collections.abc import Callable
from dataclasses import dataclass

from keyfob.gate.operation import Operation
from keyfob.gate.request import Request
from keyfob.mock.documented import Documented, DocumentedReply
from keyfob.mock.failures import SOON_SECONDS, Step
from keyfob.mock.prefer import preference_of


@dataclass(frozen=True, slots=True)
class Plan:
    """A reply to be.

    Attributes:
        reply: a documented one, instead of the service's own.
        example: the name of its body.
        retry_after: seconds to wait, instead of its example's.
        drop: it is lost.
        delay_ms: for which it is held back.
        applied: the text of ``Preference-Applied``; empty for no such header.
    """

    reply: DocumentedReply | None = None
    example: str | None = None
    retry_after: int | None = None
    drop: bool = False
    delay_ms: int = 0
    applied: str = ""

    @property
    def scripted(self) -> bool:
        """Whether it differs from what the service alone would have done."""
        return self.reply is not None or self.drop or self.delay_ms > 0


def plan_of(
    request: Request,
    operation: Operation,
    documented: Documented,
    take: Callable[[Operation], Step | None],
) -> Plan:
    """Answer what the request prefers, or else what is scripted; delays add up.

    Raises:
        ValidationFailed: it prefers what there is not.
    """
    lines = request.header_values(b"prefer")
    preferred = preference_of(lines, documented[operation.id])
    if preferred.reply is not None:
        return Plan(
            reply=preferred.reply,
            example=preferred.example,
            delay_ms=preferred.delay_ms,
            applied=preferred.applied,
        )
    step = take(operation)
    if step is None:
        return Plan(delay_ms=preferred.delay_ms, applied=preferred.applied)
    reply = None if step.status is None else documented[operation.id][step.status]
    return Plan(
        reply=reply,
        example=step.example,
        retry_after=(step.retry_after or SOON_SECONDS) if _tells_to_wait(reply) else None,
        drop=step.drop,
        delay_ms=preferred.delay_ms + (step.delay_ms or 0),
        applied=preferred.applied,
    )


def _tells_to_wait(reply: DocumentedReply | None) -> bool:
    return reply is not None and reply.takes_retry_after
