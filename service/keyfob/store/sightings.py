"""When things about the use of keys were seen last: all that advice needs to know of it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

import peewee
from peewee import EXCLUDED, Value

from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement, slot

MOST_PRODUCTS = 10

_ROW = tables.ApiKeySighting
_PRIMARY_KEY = (_ROW.key_id, _ROW.kind, _ROW.name)


class SightingKind(StrEnum):
    """What is watched."""

    SCOPE_GRANTED = "scope_granted"  # by an edit; when the key was created, it says itself
    SCOPE_USED = "scope_used"
    PRODUCT = "product"  # of the User-Agent
    DEAD_VALUE = "dead_value"  # the name is the code of the refusal


class Sighting(NamedTuple):
    """Something that was seen of a key.

    Attributes:
        met_at: when a product was seen last within an hour of another one.
    """

    kind: SightingKind
    name: str
    last_at: int
    met_at: int | None = None


class SightingRows:
    """Reads and writes sightings: a few rows for each key, whatever its use."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        self._see = Statement(
            database,
            _ROW.insert(
                {column: slot(column.name) for column in (*_PRIMARY_KEY, _ROW.last_at)}
            ).on_conflict(
                conflict_target=_PRIMARY_KEY,
                update={_ROW.last_at: EXCLUDED.last_at},
                where=_ROW.last_at < EXCLUDED.last_at,
            ),
        )
        is_product = (_ROW.key_id == slot("key_id")) & (_ROW.kind == SightingKind.PRODUCT.value)
        other = _ROW.alias()
        of_same_key = (other.key_id == slot("key_id")) & (other.kind == SightingKind.PRODUCT.value)
        in_company = other.select(Value(1)).where(
            of_same_key,
            other.name != _ROW.name,
            other.last_at.between(
                _ROW.last_at - slot("within_ms"), _ROW.last_at + slot("within_ms")
            ),
        )
        self._note_meetings = Statement(
            database,
            _ROW.update({_ROW.met_at: _ROW.last_at}).where(
                is_product,
                _ROW.met_at.is_null() | (_ROW.met_at < _ROW.last_at),
                peewee.fn.EXISTS(in_company),
            ),
        )
        one_too_many = (
            other.select(other.last_at)
            .where(of_same_key)
            .order_by(other.last_at.desc())
            .limit(1)
            .offset(MOST_PRODUCTS)
        )
        self._forget_products = Statement(
            database, _ROW.delete().where(is_product, _ROW.last_at <= one_too_many)
        )

    def see(self, key_id: str, kind: SightingKind, name: str, at: int) -> None:
        """Note a sighting; what was seen later stands."""
        self._see.change(key_id=key_id, kind=kind.value, name=name, last_at=at)

    def introduce_products(self, key_id: str, within_ms: int) -> None:
        """Note which products of a key have met, and forget those beyond the latest ten."""
        self._note_meetings.change(key_id=key_id, within_ms=within_ms)
        self._forget_products.change(key_id=key_id)

    def of_keys(self, key_ids: Iterable[str]) -> Mapping[str, list[Sighting]]:
        """Answer what was seen of each of these keys."""
        found: dict[str, list[Sighting]] = {key_id: [] for key_id in key_ids}
        if not found:
            return found
        columns = (_ROW.key_id, _ROW.kind, _ROW.name, _ROW.last_at, _ROW.met_at)
        query = _ROW.select(*columns).where(_ROW.key_id.in_(list(found)))
        for key_id, kind, name, last_at, met_at in Statement(self._database, query).rows():
            found[key_id].append(Sighting(SightingKind(kind), name, last_at, met_at))
        return found
