"""Opaque cursors: where a page ended, signed together with the question that it answers."""

import hashlib
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from itsdangerous import BadData, URLSafeSerializer

from keyfob.errors import Problem, ValidationFailed
from keyfob.model import Position


class Listed(Protocol):
    """What a list can hold."""

    @property
    def position(self) -> Position:
        """Its place in the list."""
        ...


Item = TypeVar("Item", bound=Listed)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items and the cursor of the page after them."""

    items: list[Item]
    next_cursor: str | None


class Cursors:
    """Signs positions and reads them back."""

    ALTERED: Final = Problem("/query/cursor", "is not a nextCursor of a list with these filters")

    def __init__(self, pepper: bytes) -> None:
        self._serializer = URLSafeSerializer(
            pepper, salt="keyfob.cursor", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def read(self, cursor: str | None, *question: str | None) -> Position | None:
        """Answer where to go on; None for the first page.

        Args:
            cursor: as the client sent it.
            question: whose list it is, and its filters.

        Raises:
            ValidationFailed: the cursor was altered, or belongs to another question.
        """
        if cursor is None:
            return None
        try:
            created_at, item_id, asked = self._serializer.loads(cursor)
        except BadData:
            raise ValidationFailed(self.ALTERED) from None
        position = Position(created_at, item_id)
        # Base64 has several spellings of the same bytes: only our own counts as unaltered.
        if asked != _fingerprint(question) or self._sign(position, asked) != cursor:
            raise ValidationFailed(self.ALTERED)
        return position

    def page(self, items: list[Item], limit: int, *question: str | None) -> Page[Item]:
        """Cut a page out of up to ``limit + 1`` items: one too many tells that a page follows."""
        if len(items) <= limit:
            return Page(items, None)
        cursor = self._sign(items[limit - 1].position, _fingerprint(question))
        return Page(items[:limit], cursor)

    def _sign(self, position: Position, fingerprint: str) -> str:
        signed = self._serializer.dumps([position.created_at, position.id, fingerprint])
        return signed.decode() if isinstance(signed, bytes) else signed


def _fingerprint(question: tuple[str | None, ...]) -> str:
    # Not the filters themselves: they would make the cursor as long as they are.
    return hashlib.sha256(repr(question).encode()).hexdigest()[:16]
