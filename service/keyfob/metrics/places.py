"""The series of several workers as one.

prometheus-client lets each worker keep its series in files that outlive it, and adds up all that
lie in a folder. It names them by process ids; here they are named by places, of which each worker
locks one for as long as it lives. So the place of a worker that died is known to be free, whoever
has its process id now; and who takes it goes on counting where the dead one ended, in the same
files: there are as many as workers, however often workers die.
"""

import fcntl
import os
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus-client looks for the name of the folder."""


def take_place() -> int:
    """Keep the series of this process in the first free place, from now until it ends."""
    folder = Path(os.environ[FOLDER])
    number = next(each for each in count() if _lock(_place(folder, each)) is not None)
    values.ValueClass = values.MultiProcessValue(lambda: number)
    return number


def keep_to_oneself() -> None:
    """Keep the series of this process in its memory, whatever others use ``FOLDER`` for."""
    values.ValueClass = values.MutexValue


class Workers(Collector):
    """Adds up what lies in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Answer the sums: of counters with those of the dead, of gauges without."""
        self._forget_gauges_of_the_dead()
        begun = [str(file) for file in self._folder.glob("*.db") if file.stat().st_size]
        # Added up in another order, a sum of fractions might seem to fall, by a rounding error.
        return MultiProcessCollector.merge(sorted(begun))

    def _forget_gauges_of_the_dead(self) -> None:
        for place in self._folder.glob(_place(Path(), "*").name):
            lock = _lock(place)
            if lock is not None:  # nobody takes the place meanwhile: it looks taken
                mark_process_dead(int(place.stem), str(self._folder))
                os.close(lock)


def _place(folder: Path, number: int | str) -> Path:
    return folder / f"{number}.place"


def _lock(place: Path) -> int | None:
    """Lock a place until the descriptor is closed, by the death of the process at the latest."""
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
