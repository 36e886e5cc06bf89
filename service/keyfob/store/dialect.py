"""What the stores do each in its own way; all else is said once, in SQL that both understand."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import peewee

from keyfob.settings import StartRefused

_translated: AbstractContextManager[None] = vars(peewee)["__exception_wrapper__"]
"""Raises the driver's errors as peewee's, as peewee itself does around what it executes."""


class StoreNotOpened(StartRefused):
    """The store cannot be made, or is none."""


class StoreInUse(StartRefused):
    """Somebody else has the store open, who would go on with what is about to change."""


class Ailment(NamedTuple):
    """Something about the store that an operator should mend."""

    problem: str
    remedy: str


class StoreDatabase(peewee.Database):
    """A database that Keyfob can live on."""

    # Neither store needs an isolation above READ COMMITTED: what a change relies on stands in the
    # condition of its statement, or in a row that ``statements.locking`` holds.

    place: str
    """What an operator calls it; no password is in it."""

    def exists(self) -> bool:
        """Say whether there is a store. Raises Unavailable."""
        raise NotImplementedError

    def create_if_missing(self) -> None:
        """Make the store itself, empty, where that is ours to do. Raises StoreNotOpened."""
        raise NotImplementedError

    def at_work(self) -> AbstractContextManager[None]:
        """Enclose what needs one connection from beginning to end."""
        raise NotImplementedError

    def migrating(self) -> AbstractContextManager[None]:
        """Enclose a transaction that alters tables: who else would do so waits for its end."""
        raise NotImplementedError

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement for each row of values, within a transaction."""
        with _translated:
            self.cursor().executemany(sql, rows)

    def ailments(self) -> Iterator["Ailment"]:
        """Look for what would endanger what is kept. Raises Unavailable."""
        raise NotImplementedError

    def seconds_ahead(self, now: int) -> float:
        """Answer by how much the store's clock is ahead of this moment; 0 if it has none."""
        raise NotImplementedError

    def copy_to(self, file: Path) -> None:
        """Copy what is committed now into a file, while others go on. Raises NotCopied."""
        raise NotImplementedError

    def exclusively(self) -> AbstractContextManager[None]:
        """Enclose reads, while which nobody else may use the store. Raises StoreInUse."""
        raise NotImplementedError

    def each_row(self, sql: str) -> Iterator[Sequence[Any]]:
        """Run a query within a transaction, and answer its rows without holding them all."""
        raise NotImplementedError

    def continue_numbering(self, table: str) -> None:
        """Let the next row that numbers itself come behind those that brought their number."""
        raise NotImplementedError

    def joined(self, column: Any) -> Any:
        """Answer an expression: all values of a column, in any order, with commas between them."""
        raise NotImplementedError

    def dangling_references(self) -> Counter[tuple[str, str]]:
        """Count the rows that refer to none, by their table and the one that they refer to."""
        raise NotImplementedError
