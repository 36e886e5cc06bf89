"""The rows of creations attempted under an ``Idempotency-Key``."""

from dataclasses import dataclass

from keyfob.store import tables
from keyfob.store.dialect import StoreDatabase
from keyfob.store.statements import Statement, slot

_ROW = tables.Idempotency


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who attempts what, and how he calls the attempt: ``key`` is a digest of that."""

    actor_id: str
    operation: str
    key: str


class IdempotencyRows:
    """Reads and writes attempts; all of it within the transaction of the creation."""

    def __init__(self, database: StoreDatabase) -> None:
        is_it = (
            (_ROW.actor_id == slot("actor_id"))
            & (_ROW.operation == slot("operation"))
            & (_ROW.key == slot("key"))
        )
        self._begin = Statement(
            database,
            _ROW.insert(
                {
                    _ROW.actor_id: slot("actor_id"),
                    _ROW.operation: slot("operation"),
                    _ROW.key: slot("key"),
                    _ROW.body_digest: slot("body_digest"),
                    _ROW.reply: "",
                    _ROW.created_at: slot("now"),
                }
            ).on_conflict_ignore(),
        )
        self._find = Statement(database, _ROW.select(_ROW.body_digest, _ROW.reply).where(is_it))
        self._finish = Statement(database, _ROW.update({_ROW.reply: slot("reply")}).where(is_it))
        self._forget = Statement(
            database, _ROW.delete().where(_ROW.created_at <= slot("made_until"))
        )

    def begin(self, attempt: Attempt, body_digest: bytes, now: int) -> tuple[bytes, str] | None:
        """Note an attempt, or answer the body digest and the reply of the one before it.

        A twin that is still at work is waited for: its row is locked until it commits.
        """
        names = _names(attempt)
        if self._begin.change(**names, body_digest=body_digest, now=now) == 1:
            return None
        row = self._find.row(**names)
        return None if row is None else (bytes(row[0]), row[1])

    def finish(self, attempt: Attempt, reply: str) -> None:
        """Keep the reply of an attempt that succeeded."""
        self._finish.change(**_names(attempt), reply=reply)

    def forget(self, made_until: int) -> None:
        """Forget attempts that began at this time or before."""
        self._forget.change(made_until=made_until)


def _names(attempt: Attempt) -> dict[str, str]:
    return {
        "actor_id": attempt.actor_id,
        "operation": attempt.operation,
        "key": attempt.key,
    }
