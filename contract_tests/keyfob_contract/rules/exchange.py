"""A request, what the contract makes of it, and the reply."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from keyfob_contract.rules.expectation import Expectation
from keyfob_contract.rules.spec import Contract, ReplyRule
from keyfob_contract.wire.message import Reply, Request

NOTHING = object()

Answer = tuple[int, str | None]
"""A status, and the code that comes with it if it is a refusal that has one."""


@dataclass(frozen=True)
class Exchange:
    """A request and its reply.

    Attributes:
        credential: the state of what the request carried as a key, one of ``run.vault.State``.
        sent_at: in seconds since the epoch, by this machine's clock.
        seconds: how long the reply took.
    """

    contract: Contract
    request: Request
    expected: Expectation
    reply: Reply
    credential: str = "live"
    sent_at: float = 0.0
    seconds: float = 0.0

    @property
    def documented(self) -> ReplyRule | None:
        """The rule for this status of this operation, if the spec has one."""
        operation = self.expected.operation
        return None if operation is None else operation.reply_rule(self.reply.status)

    @property
    def is_error(self) -> bool:
        """Whether the reply has to wear the envelope, and has a body to show it with."""
        return self.reply.status >= 400 and self.request.method != "HEAD"

    @property
    def operation_id(self) -> str:
        """The operation that the request reaches; empty if it reaches none."""
        return "" if self.expected.operation is None else self.expected.operation.id

    @property
    def status(self) -> int:
        """The reply's status."""
        return self.reply.status

    @property
    def code(self) -> str | None:
        """The code of the error, if the reply is one that has a code."""
        code = self.error_member(self.contract.profile.errors.code)
        return code if isinstance(code, str) else None

    @property
    def answer(self) -> "Answer":
        """Status and code, as checks compare them."""
        return self.status, self.code

    @property
    def answered(self) -> str:
        """Status and code, spelt for people."""
        return spelt(self.answer)

    @property
    def json(self) -> Any:
        """The reply's body, parsed; an exchange without JSON is answered by an empty object."""
        try:
            return self.reply.json
        except (ValueError, RecursionError):
            return {}

    def header(self, name: str) -> str | None:
        """Answer the first value of a header of the reply, or None."""
        return self.reply.header(name.lower())

    def error_member(self, pointer: str | None) -> Any:
        """Answer what stands at a JSON pointer in an error; None if it is none, or has none."""
        if pointer is None or self.reply.status < 400:
            return None
        found = at_pointer(self.json, pointer)
        return None if found is NOTHING else found

    def complaint(self, text: str) -> "Complaint":
        """Answer a complaint of which this exchange is the evidence."""
        return Complaint(text, (self,))


@dataclass(frozen=True)
class Complaint:
    """One thing that the implementation did not do as the contract says.

    Attributes:
        evidence: the exchanges that show it, in their order.
        times: how often the same was seen.
    """

    text: str
    evidence: tuple[Exchange, ...] = ()
    times: int = 1

    def with_story(self, story: Sequence[Exchange]) -> "Complaint":
        """Answer the complaint with all that led to it."""
        return replace(self, evidence=tuple(story))


def spelt(answer: Answer) -> str:
    """Spell an answer for people."""
    status, code = answer
    return f"{status} {code}" if code else str(status)


def at_pointer(node: Any, pointer: str) -> Any:
    """Answer what stands at a JSON pointer (RFC 6901), or NOTHING."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        else:
            return NOTHING
    return node
