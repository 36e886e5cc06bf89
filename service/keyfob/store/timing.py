"""How long statements take, for those who want to know; who does not, pays nothing."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from keyfob.store.dialect import StoreDatabase

Observe = Callable[[str, float], None]
"""Takes the kind of a statement (read, write, begin or commit) and the seconds that it took."""


class Timed(StoreDatabase):
    """A store that is watched. A read is timed up to its first row."""

    observe: Observe

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Execute a statement."""
        began = time.perf_counter()
        try:
            return super().execute_sql(sql, params)
        finally:
            kind = "read" if sql.startswith("SELECT") else "write"
            self.observe(kind, time.perf_counter() - began)

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement for each row of values: one write."""
        with self._timed("write"):
            super().execute_each(sql, rows)

    def begin(self, *args: Any, **kwargs: Any) -> None:
        """Begin a transaction; on SQLite this waits until no other is changing anything."""
        with self._timed("begin"):
            super().begin(*args, **kwargs)

    def commit(self) -> None:
        """End a transaction, once the disk has it."""
        with self._timed("commit"):
            super().commit()

    @contextmanager
    def _timed(self, kind: str) -> Generator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.observe(kind, time.perf_counter() - began)
