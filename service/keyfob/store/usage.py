"""The rows of usage: hourly counters, and when a key was used last."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import peewee
from peewee import EXCLUDED, fn

from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement, locking, slot

HOUR_MS = 3_600_000

_COUNTER = tables.UsageCounter
_KEY = tables.ApiKey
_SETTING = tables.StoreSetting
_PRIMARY_KEY = (
    _COUNTER.key_id,
    _COUNTER.hour,
    _COUNTER.operation,
    _COUNTER.scope,
    _COUNTER.outcome,
)
_RETENTION = "usage_retention_began"


class Kind(NamedTuple):
    """What the requests of one counter have in common, beside the key.

    Attributes:
        hour: when it began.
        operation: empty if they reached none.
        scope: that they asked about; empty if none.
    """

    hour: int
    operation: str
    scope: str
    outcome: str


class Counter(NamedTuple):
    """How many requests of a kind there were."""

    kind: Kind
    requests: int


class UsageRows:
    """Reads and writes counters and ``last_used_at``."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        self._count = Statement(
            database,
            _COUNTER.insert(
                {column: slot(column.name) for column in (*_PRIMARY_KEY, _COUNTER.requests)}
            ).on_conflict(
                conflict_target=_PRIMARY_KEY,
                update={_COUNTER.requests: _COUNTER.requests + EXCLUDED.requests},
            ),
        )
        # One column, which only grows: whatever else becomes of the key meanwhile stays as it is.
        self._touch = Statement(
            database,
            _KEY.update({_KEY.last_used_at: slot("at")}).where(
                _KEY.id == slot("key_id"),
                _KEY.last_used_at.is_null() | (_KEY.last_used_at < slot("at")),
            ),
        )
        self._counters = Statement(
            database,
            _COUNTER.select(*_PRIMARY_KEY[1:], _COUNTER.requests)
            .where(
                _COUNTER.key_id == slot("key_id"),
                _COUNTER.hour > slot("after_hour"),
                _COUNTER.hour < slot("until"),
            )
            .order_by(_COUNTER.hour.desc(), _COUNTER.operation, _COUNTER.scope, _COUNTER.outcome),
        )
        self._total = Statement(
            database,
            _COUNTER.select(fn.COALESCE(fn.SUM(_COUNTER.requests), 0)).where(
                _COUNTER.key_id == slot("key_id")
            ),
        )
        self._key_ids = Statement(
            database,
            _KEY.select(_KEY.id)
            .where(_KEY.id > slot("after"))
            .order_by(_KEY.id)
            .limit(slot("most")),
        )
        self._claim_retention = Statement(database, _claim())

    def hold(self, key_ids: Iterable[str]) -> set[str]:
        """Answer which of these keys there are, in whatever state, of whatever organisation.

        Until the transaction ends they stay, and nobody else writes down their use: several who do
        so for the same keys would wait for each other in a ring, if each held some rows already.
        """
        query = _KEY.select(_KEY.id).where(_KEY.id.in_(sorted(key_ids))).order_by(_KEY.id)
        held = locking(self._database, query)
        return {row[0] for row in Statement(self._database, held).rows()}

    def count(self, key_id: str, kind: Kind, requests: int) -> None:
        """Add to a counter."""
        self._count.change(key_id=key_id, **kind._asdict(), requests=requests)

    def touch(self, key_id: str, at: int) -> None:
        """Note that a key was used; what is known of a later use stands."""
        self._touch.change(key_id=key_id, at=at)

    def counters(self, key_id: str, since: int, until: int) -> list[Counter]:
        """Answer the counters of all hours that overlap a time, newest first."""
        rows = self._counters.rows(key_id=key_id, after_hour=since - HOUR_MS, until=until)
        return [Counter(Kind(*kind), requests) for *kind, requests in rows]

    def total(self, key_id: str) -> int:
        """Answer how many requests of a key are counted in all."""
        row = self._total.row(key_id=key_id)
        return 0 if row is None else int(row[0])

    def key_ids(self, after: str, most: int) -> Sequence[str]:
        """Answer ids of keys, in their order, that follow ``after``."""
        return [row[0] for row in self._key_ids.rows(after=after, most=most)]

    def forget_counters(self, key_ids: Sequence[str], before_hour: int, most: int) -> int:
        """Delete up to ``most`` old counters of these keys, and answer how many there were."""
        old = (
            _COUNTER.select(*_PRIMARY_KEY)
            .where(_COUNTER.key_id.in_(key_ids), _COUNTER.hour < before_hour)
            .limit(most)
        )
        query = _COUNTER.delete().where(peewee.Tuple(*_PRIMARY_KEY).in_(old))
        return Statement(self._database, query).change()

    def claim_retention(self, now: int, period_ms: int) -> bool:
        """Say whether it is the caller's to clean up; for ``period_ms`` it is nobody else's."""
        return self._claim_retention.change(now=str(now), due=str(now - period_ms)) == 1


def _claim() -> Any:
    # Times of this age compare as text as they do as numbers. A claim from the future was made
    # before the clock was set back: it counts for nothing.
    insert = _SETTING.insert({_SETTING.name: _RETENTION, _SETTING.value: slot("now")})
    return insert.on_conflict(
        conflict_target=(_SETTING.name,),
        update={_SETTING.value: EXCLUDED.value},
        where=(_SETTING.value <= slot("due")) | (_SETTING.value > slot("now")),
    )
