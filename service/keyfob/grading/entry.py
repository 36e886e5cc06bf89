"""A request as it was received, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class Outcome(StrEnum):
    """What became of a request."""

    PENDING = "pending"  # its reply is yet to leave
    ANSWERED = "answered"
    DROPPED = "dropped"  # its connection was closed without a reply
    ABANDONED = "abandoned"  # the client did not wait for the reply


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """One request. No value of a key stands in it; times are milliseconds of the mock's clock.

    Texts that must be told apart and not be seen are kept as fingerprints.

    Attributes:
        number: 1 for the first request, one more for each.
        at: when it was received whole.
        path: as it was sent, values masked.
        operation_id: None if it reached none.
        required_scope: of that operation, if it requires one.
        creates: that operation takes an ``Idempotency-Key``.
        query_names: of the query's parameters, in their order.
        headers: those that matter here, by their usual names, values masked.
        key_in_url: a value, or a parameter that is called like one, stands in the URL.
        credential: fingerprint of the value that was sent; None if there was none.
        key_id: the key that it stands for, dead or alive; None if the store knows none.
        scopes: what that key held.
        body: fingerprint of what the body says, however it is spelt.
        listed: fingerprint of the query without the cursor and the limit.
        limit: how much of a list was asked for at once; empty if it was not said.
        cursor: fingerprint of the cursor that was sent.
        next_cursor: fingerprint of the one that was answered; None if there was none.
        answered_at: when the reply left, or the connection was dropped.
        status: None without a reply, and so is ``code``, which is ``OK`` or that of the error.
        retry_after: seconds that the reply asked to wait.
        scripted: the reply was asked for by ``Prefer`` or a script, or spoilt by one.
        delay_ms: for which it was held back.
    """

    number: int
    at: int
    method: str
    path: str
    operation_id: str | None = None
    required_scope: str | None = None
    creates: bool = False
    query_names: Sequence[str] = ()
    headers: Mapping[str, str]
    client: str = ""
    key_in_url: bool = False
    credential: str | None = None
    key_id: str | None = None
    secret_version: int | None = None
    scopes: Sequence[str] = ()
    body: str = ""
    listed: str = ""
    limit: str = ""
    cursor: str | None = None
    next_cursor: str | None = None
    outcome: Outcome = Outcome.PENDING
    answered_at: int | None = None
    status: int | None = None
    code: str | None = None
    retry_after: int | None = None
    request_id: str | None = None
    scripted: bool = False
    delay_ms: int = 0

    @property
    def user_agent(self) -> str:
        """What the client calls itself; empty if it does not say."""
        return self.headers.get("User-Agent", "")

    @property
    def idempotency_key(self) -> str | None:
        """The header of that name, if it was sent."""
        return self.headers.get("Idempotency-Key")

    @property
    def has_failed(self) -> bool:
        """Whether the client cannot know that it was carried out, or was told that it was not."""
        return self.is_in_doubt or self.status == HTTPStatus.TOO_MANY_REQUESTS

    @property
    def is_in_doubt(self) -> bool:
        """Whether the client cannot know if it was carried out."""
        if self.outcome in {Outcome.DROPPED, Outcome.ABANDONED}:
            return True
        return self.status is not None and self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
