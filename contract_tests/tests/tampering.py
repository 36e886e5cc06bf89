"""This service in this process, with somebody between it and the kit."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from keyfob.spec import load_spec
from keyfob_contract.in_process import service_in_process
from keyfob_contract.rules.profile import read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.kit import Effort, Kit
from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.target import Target

Send = Callable[[Request], Reply]
Tamper = Callable[[Send, Request], Reply]
"""Answers a request in the place of the service, which it may ask."""


class Tampered:
    """A target that is not what it was."""

    def __init__(self, target: Target, tamper: Tamper) -> None:
        self._target = target
        self._tamper = tamper

    def send(self, request: Request) -> Reply:
        return self._tamper(self._target.send, request)

    def send_together(self, requests: Sequence[Request]) -> list[Reply]:
        return [self.send(request) for request in requests]

    def settle(self) -> None:
        self._target.settle()

    def close(self) -> None:
        self._target.close()


@contextmanager
def kit_of_service(
    tamper: Tamper = lambda send, request: send(request),
    effort: Effort | None = None,
    only_operations: frozenset[str] = frozenset(),
) -> Generator[Kit]:
    """Open the service and a run against it."""
    with service_in_process() as subject:
        contract = Contract(load_spec(), subject.clock, read_profile())
        yield Kit(
            replace(subject, target=Tampered(subject.target, tamper)),
            contract,
            mark="kit-test",
            effort=effort,
            only_operations=only_operations,
        )
