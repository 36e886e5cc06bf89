"""Queries built once by peewee, compiled once to SQL, and run with fresh values.

Building a query anew costs several times what running it does.
"""

from collections.abc import Sequence
from typing import Any

import peewee

from keyfob.store.database import store_errors
from keyfob.store.dialect import StoreDatabase

Row = tuple[Any, ...]


class Slot:
    """A place in a query for a value that comes with each run."""

    def __init__(self, name: str) -> None:
        self.name = name


def slot(name: str) -> Any:
    """Answer an expression that stands for the value called ``name``."""
    return peewee.Value(Slot(name), converter=False, unpack=False)


def locking(database: StoreDatabase, query: Any, strength: str = "FOR NO KEY UPDATE") -> Any:
    """Let a query hold the rows that it finds until its transaction ends.

    Where changes come one at a time anyway (on SQLite), the query stays as it is.

    Args:
        database: says whether it can lock rows.
        query: selects them.
        strength: by default, new rows may refer to these meanwhile.
    """
    return query.for_update(strength) if database.for_update else query


class Statement:
    """A compiled query."""

    def __init__(self, database: StoreDatabase, query: peewee.Query) -> None:
        self._database = database
        self._sql, parameters = query.bind(database).sql()
        self._parameters: tuple[Any, ...] = tuple(parameters)

    def row(self, **values: Any) -> Row | None:
        """Run it and answer the first row, if any. Raises Unavailable."""
        with store_errors():
            return self._execute(values).fetchone()

    def rows(self, **values: Any) -> Sequence[Row]:
        """Run it and answer all rows. Raises Unavailable."""
        with store_errors():
            return self._execute(values).fetchall()

    def change(self, **values: Any) -> int:
        """Run it and answer how many rows it changed. Raises Unavailable."""
        with store_errors():
            return self._execute(values).rowcount

    def change_each(self, values: Sequence[dict[str, Any]]) -> None:
        """Run it for each of these values, which over a network does not take as many trips.

        Only within a transaction. Raises Unavailable.
        """
        if values:
            with store_errors():
                self._database.execute_each(self._sql, [self._given(each) for each in values])

    def _execute(self, values: dict[str, Any]) -> Any:
        return self._database.execute_sql(self._sql, self._given(values))

    def _given(self, values: dict[str, Any]) -> list[Any]:
        return [values[p.name] if isinstance(p, Slot) else p for p in self._parameters]
