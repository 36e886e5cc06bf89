"""Connections to PostgreSQL that do not wait for ever. Imported only where its driver is."""

from collections.abc import Callable, Mapping
from typing import Any

import peewee
import psycopg
from psycopg.errors import OperationalError
from psycopg.rows import TupleRow

# A commit that was confirmed has to outlive a crash: a revoked key would live again.
_DURABLE = """
set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false)
"""


class PatientConnection(psycopg.Connection[TupleRow]):
    """One that gives up on a server that is frozen or cut off, which no timeout of its own tells.

    Attributes:
        patience_seconds: for the answer to a statement; None for as long as it takes.
        on_silence: is told when it has given up.
    """

    patience_seconds: float | None = None
    on_silence: Callable[[], None] | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer; a connection that owes one is of no further use."""
        if timeout is not None or self.patience_seconds is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience_seconds)
        except OperationalError as error:
            if self.pgconn.transaction_status != psycopg.pq.TransactionStatus.ACTIVE:
                raise
            self.close()
            if self.on_silence is not None:
                self.on_silence()
            raise OperationalError("the server did not answer in time") from error


def connect_patiently(
    parameters: Mapping[str, Any],
    session: Mapping[str, object],
    *,
    patience_seconds: float,
    on_silence: Callable[[], None],
) -> PatientConnection:
    """Connect, and set what holds for the session.

    Raises:
        peewee.OperationalError: the server refuses, or does not answer.
    """
    try:
        connection = PatientConnection.connect(**parameters, autocommit=True)
    except psycopg.Error as error:
        raise peewee.OperationalError(str(error)) from error
    connection.patience_seconds = patience_seconds
    connection.on_silence = on_silence
    configs = ", ".join(f"set_config('{name}', %s, false)" for name in session)
    try:
        values = [*map(str, session.values())]
        connection.execute(f"SELECT {configs}, {_DURABLE}".encode(), values)
    except psycopg.Error as error:
        connection.close()
        raise peewee.OperationalError(str(error)) from error
    return connection
