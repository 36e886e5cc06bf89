"""A whole store, row by row, into another one, and the proof that nothing was lost on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

import peewee

from keyfob.settings import StartRefused
from keyfob.store.database import store_errors
from keyfob.store.dialect import StoreDatabase
from keyfob.store.tables import TABLES, Organization, StoreSetting, Table

ROWS_AT_A_TIME = 1000
_MODULUS = 2**256


class NotMoved(StartRefused):
    """The other store is as it was."""


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table whose rows were read back from where they are now.

    Attributes:
        fingerprint: of all rows in whatever order, 64 hexadecimal digits; the same on both sides.
    """

    name: str
    rows: int
    fingerprint: str


def move_store(source: StoreDatabase, target: StoreDatabase) -> list[MovedTable]:
    """Copy every table into a store that is migrated and empty; all of it or nothing.

    Raises:
        StoreInUse: somebody has the source open.
        NotMoved: there is something in the target, or what is read back is not what was there.
        Unavailable: one of the two does not answer.
    """
    with store_errors(), source.exclusively(), target.migrating():
        if Organization.select(Organization.id).limit(1).execute(target):
            raise NotMoved(f"There are organisations at {target.place}: name an empty store.")
        StoreSetting.delete().execute(target)  # what migrating has noted; it comes along
        return [_move(source, target, table) for table in TABLES]


def _move(source: StoreDatabase, target: StoreDatabase, table: type[Table]) -> MovedTable:
    name, columns = _name_and_columns(table)
    query = f"SELECT {columns} FROM {name}"  # noqa: S608  names of ours
    places = ", ".join([target.param] * len(_fields(table)))
    insert = f"INSERT INTO {name} ({columns}) VALUES ({places})"  # noqa: S608  names of ours
    sent = _Fingerprint()
    found = _rows(source, query, table)
    while rows := list(islice(found, ROWS_AT_A_TIME)):
        sent.add(rows)
        target.execute_each(insert, rows)
    if isinstance(_primary_key(table), peewee.AutoField):
        target.continue_numbering(name)
    arrived = _Fingerprint()
    arrived.add(_rows(target, query, table))
    if arrived != sent:
        raise NotMoved(
            f"{sent.rows} rows of {name} were sent, and the {arrived.rows} that arrived are not the"
            " same. Nothing was kept."
        )
    return MovedTable(name, arrived.rows, f"{arrived.total:064x}")


@dataclass
class _Fingerprint:
    """A sum of digests, for the two stores need not agree on an order."""

    rows: int = 0
    total: int = 0

    def add(self, rows: Sequence[tuple[Any, ...]] | Iterator[tuple[Any, ...]]) -> None:
        for row in rows:
            digest = sha256(repr(row).encode("utf-8", "surrogatepass")).digest()
            self.total = (self.total + int.from_bytes(digest)) % _MODULUS
            self.rows += 1


def _rows(database: StoreDatabase, query: str, table: type[Table]) -> Iterator[tuple[Any, ...]]:
    """Answer rows alike from whatever store: SQLite knows no booleans."""
    fields = _fields(table)
    for row in database.each_row(query):
        yield tuple(
            bool(value) if value is not None and isinstance(field, peewee.BooleanField) else value
            for field, value in zip(fields, row, strict=True)
        )


def _fields(table: type[Table]) -> Sequence[peewee.Field]:
    return table._meta.sorted_fields  # noqa: SLF001  as peewee documents it


def _primary_key(table: type[Table]) -> Any:
    return table._meta.primary_key  # noqa: SLF001


def _name_and_columns(table: type[Table]) -> tuple[str, str]:
    columns = ", ".join(f'"{field.column_name}"' for field in _fields(table))
    return table._meta.table_name, columns  # noqa: SLF001
