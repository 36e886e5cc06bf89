"""Ctrl-C, and the SIGTERM of a CI server, while a run is under way."""

import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from keyfob_contract.wire.patient_target import PatientTarget
from keyfob_contract.wire.target import Target

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def heeded_between_exchanges(target: Target) -> Generator[Target]:
    """Answer the target so wrapped that a signal is heard after the exchange that is under way."""
    patient = PatientTarget(target)
    if threading.current_thread() is not threading.main_thread():
        yield patient  # elsewhere there are no signals
        return

    def hear(*_: object) -> None:
        sys.stderr.write("Interrupted: cleaning up. Another time ends that, too.\n")
        patient.interrupt()

    before = {number: signal.signal(number, hear) for number in SIGNALS}
    try:
        yield patient
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
