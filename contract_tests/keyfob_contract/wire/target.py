"""What is held against the contract."""

from collections.abc import Sequence
from typing import Protocol

from keyfob_contract.wire.message import Reply, Request


class Unreachable(Exception):
    """The implementation does not answer at all; the message says why."""


class Target(Protocol):
    """An implementation of the contract."""

    def send(self, request: Request) -> Reply:
        """Answer what it answers. Raises Unreachable."""
        ...

    def send_together(self, requests: Sequence[Request]) -> list[Reply]:
        """Send all at once, and answer the replies in the order of the requests."""
        ...

    def settle(self) -> None:
        """Have it write down at once what it would soon, if there is a way to."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
