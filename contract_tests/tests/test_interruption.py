"""An interruption does not lose the reply that is under way, which may tell of a new key."""

from collections.abc import Callable, Sequence

import pytest

from keyfob_contract.wire.message import Reply, Request
from keyfob_contract.wire.patient_target import PatientTarget

REQUEST = Request("GET", "/")


class Answering:
    """Answers, and has something happen meanwhile."""

    def __init__(self) -> None:
        self.meanwhile: list[Callable[[], None]] = []

    def send(self, request: Request) -> Reply:  # noqa: ARG002
        while self.meanwhile:
            self.meanwhile.pop()()
        return Reply(200, (), b"")

    def send_together(self, requests: Sequence[Request]) -> list[Reply]:
        return [self.send(request) for request in requests]

    def settle(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def patient(answering: Answering) -> PatientTarget:
    return PatientTarget(answering)


def test_an_exchange_that_is_under_way_ends_first(
    answering: Answering, patient: PatientTarget
) -> None:
    answering.meanwhile = [patient.interrupt]
    assert patient.send(REQUEST).status == 200
    with pytest.raises(KeyboardInterrupt):
        patient.send(REQUEST)


def test_several_at_once_end_first(answering: Answering, patient: PatientTarget) -> None:
    answering.meanwhile = [patient.interrupt]
    assert len(patient.send_together([REQUEST, REQUEST])) == 2
    with pytest.raises(KeyboardInterrupt):
        patient.send(REQUEST)


def test_whoever_insists_need_not_wait(answering: Answering, patient: PatientTarget) -> None:
    answering.meanwhile = [patient.interrupt, patient.interrupt]
    with pytest.raises(KeyboardInterrupt):
        patient.send(REQUEST)


def test_between_exchanges_it_is_heard_at_once(patient: PatientTarget) -> None:
    with pytest.raises(KeyboardInterrupt):
        patient.interrupt()


def test_after_it_was_heard_the_cleaning_may_go_on(
    answering: Answering, patient: PatientTarget
) -> None:
    answering.meanwhile = [patient.interrupt]
    patient.send(REQUEST)
    with pytest.raises(KeyboardInterrupt):
        patient.send(REQUEST)
    assert patient.send(REQUEST).status == 200
