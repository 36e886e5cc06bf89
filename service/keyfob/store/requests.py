"""The rows of traced requests: the latest of each key, and errors that people may ask about."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import peewee
from peewee import SQL, fn

from keyfob.model import Sites
from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.key_filters import is_or_was_within
from keyfob.store.statements import Statement, slot

_KEY = tables.ApiKey
_ROW = tables.TracedRequest
_OTHER = tables.TracedRequest.alias()

FIRST_ERROR = 400

# Spelt out, and not as parameters, as SQLite demands of whoever wants the partial indexes.
_IS_SUCCESS = SQL(f"status < {FIRST_ERROR}")
_IS_ERROR = SQL(f"status >= {FIRST_ERROR}")


class TracedRequest(NamedTuple):
    """One request and what became of it.

    Attributes:
        organization_id: of the key; None, like the key, if none was sent that the store knows.
        secret_version: which of the key's values was sent.
        judged: the key did not ask; verifyApiKey was asked about it.
        path: the template of the spec, or what was sent if it fits none.
        operation: empty if it reached none.
    """

    request_id: str
    organization_id: str | None
    key_id: str | None
    secret_version: int | None
    judged: bool
    at: int
    method: str
    path: str
    operation: str
    status: int
    code: str
    duration_us: int
    client: str
    user_agent: str


_COLUMNS: tuple[Any, ...] = tuple(getattr(_ROW, name) for name in TracedRequest._fields)
_NEWEST_FIRST = (_ROW.at.desc(), _ROW.id.desc())


class RequestRows:
    """Reads and writes traced requests."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        self._insert = Statement(
            database, _ROW.insert({column: slot(column.name) for column in _COLUMNS})
        )
        of_key = _ROW.key_id == slot("key_id")
        self._latest = Statement(
            database,
            _ROW.select(*_COLUMNS).where(of_key).order_by(*_NEWEST_FIRST).limit(slot("most")),
        )
        self._find = Statement(
            database,
            _ROW.select(*_COLUMNS)
            .where(_ROW.request_id == slot("request_id"))
            .order_by(_ROW.judged, _ROW.id),
        )
        self._forget_successes = Statement(database, _ROW.delete().where(of_key, _IS_SUCCESS))
        same_key = _OTHER.key_id == slot("key_id")
        self._forget_successes_beyond = Statement(
            database,
            _ROW.delete().where(
                of_key, _IS_SUCCESS, _is_older_than(_newest(slot("kept"), same_key))
            ),
        )
        error_in_time = (_OTHER.status >= FIRST_ERROR) & _is_in_time(_OTHER)
        self._forget_errors_beyond = Statement(
            database,
            _ROW.delete().where(
                of_key,
                _IS_ERROR,
                _is_in_time(_ROW),
                _is_older_than(_newest(slot("kept"), same_key, error_in_time)),
            ),
        )
        last_keyless = _newest(slot("kept"), _OTHER.key_id.is_null())
        self._forget_keyless_beyond = Statement(
            database, _ROW.delete().where(_ROW.key_id.is_null(), _is_older_than(last_keyless))
        )

    def insert(self, requests: Iterable[TracedRequest]) -> None:
        """Add requests, all at once; to be done in a transaction."""
        self._insert.change_each([each._asdict() for each in requests])

    def latest(self, key_id: str, most: int) -> list[TracedRequest]:
        """Answer the latest requests of a key, newest first."""
        return [_of(row) for row in self._latest.rows(key_id=key_id, most=most)]

    def find(self, request_id: str) -> list[TracedRequest]:
        """Answer all that is kept of a request: first the caller's own row. For the operator."""
        return [_of(row) for row in self._find.rows(request_id=request_id)]

    def find_within(
        self, organization_id: str, within: Sites, request_id: str
    ) -> TracedRequest | None:
        """Answer a request with a key of this organisation whose last sites lie within these."""
        query = (
            _ROW.select(*_COLUMNS)
            .where(_ROW.request_id == request_id, _ROW.organization_id == organization_id)
            .order_by(_ROW.judged, _ROW.id)
            .limit(1)
        )
        if not within.every:
            query = query.where(is_or_was_within(_ROW.key_id, organization_id, within))
        row = Statement(self._database, query).row()
        return None if row is None else _of(row)

    def forget_successes(self, key_id: str) -> None:
        """Delete all successes of a key, which is about to go."""
        self._forget_successes.change(key_id=key_id)

    def forget_successes_beyond(self, key_id: str, kept: int) -> None:
        """Delete the successes of a key that are not among its latest requests."""
        self._forget_successes_beyond.change(key_id=key_id, kept=kept)

    def forget_errors_beyond(self, key_id: str, since: int, before: int, kept: int) -> None:
        """Delete a key's errors of one time beyond the newest."""
        self._forget_errors_beyond.change(key_id=key_id, since=since, before=before, kept=kept)

    def forget_keyless_beyond(self, kept: int) -> None:
        """Delete requests without a known key beyond the newest."""
        self._forget_keyless_beyond.change(kept=kept)

    def forget_old_errors(
        self, before: int, after: tuple[int, int], *, most: int, latest: int
    ) -> tuple[int, int] | None:
        """Look at up to ``most`` errors from before a time, and delete those that may go.

        What stays is what is among the ``latest`` requests of a key that still exists.

        Args:
            before: older errors may go.
            after: where the last call ended; ``(0, 0)`` at first.
            most: how many to look at.
            latest: how many requests of a key stay whatever their age.

        Returns:
            Where it ended; None if there are no more.
        """
        looked_at = (
            _ROW.select(_ROW.at, _ROW.id)
            .where(_IS_ERROR, _ROW.at < before, peewee.Tuple(_ROW.at, _ROW.id) > after)
            .order_by(_ROW.at, _ROW.id)
            .limit(most)
        )
        positions = Statement(self._database, looked_at).rows()
        if not positions:
            return None
        last_to_keep = _newest(latest, _OTHER.key_id == _ROW.key_id)
        has_key = fn.EXISTS(_KEY.select(_KEY.id).where(_KEY.id == _ROW.key_id))
        may_go = ~has_key | _is_older_than(last_to_keep)
        ids = [row_id for _, row_id in positions]
        Statement(self._database, _ROW.delete().where(_ROW.id.in_(ids), may_go)).change()
        at, row_id = positions[-1]
        return at, row_id


def _newest(nth: Any, *conditions: Any) -> Any:
    """Answer a query for the position of the nth newest request that fulfils these."""
    matching = _OTHER.select(_OTHER.at, _OTHER.id).where(*conditions)
    return matching.order_by(_OTHER.at.desc(), _OTHER.id.desc()).limit(1).offset(nth - 1)


def _is_older_than(position: Any) -> Any:
    return peewee.Tuple(_ROW.at, _ROW.id) < position


def _is_in_time(row: Any) -> Any:
    return row.at.between(slot("since"), slot("before") - 1)


def _of(row: Any) -> TracedRequest:
    request = TracedRequest(*row)
    return request._replace(judged=bool(request.judged))
