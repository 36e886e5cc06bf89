"""The connections that the threads of a process share."""

import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import peewee

PAUSE_SECONDS = 0.5
"""How long a server that went silent is left alone before one thread asks it again."""

SLOW_SECONDS = 1.0
"""A failure that took as long is silence, too: a name server, perhaps, that does not answer."""


class Silence(peewee.OperationalError):
    """The server did not answer in time, a moment ago or just now."""


class Pool:
    """Lends each connection for a statement or a transaction; the one used last is lent first.

    What other pools lack: nobody waits while another connects, a dead connection is found out
    without asking the server before each loan, and once the server has kept one thread waiting in
    vain, the others do not wait for it in turn.
    """

    def __init__(self, connect: Callable[[], Any], *, most: int, patience_seconds: float) -> None:
        """Connect to nothing yet.

        Args:
            connect: answers a psycopg connection, or raises ``peewee.OperationalError``.
            most: connections at once.
            patience_seconds: for a connection that somebody gives back, or for a new one.
        """
        self._connect = connect
        self._patience_seconds = patience_seconds
        self._places = threading.Semaphore(most)
        self._idle: deque[Any] = deque()
        self._lock = threading.Lock()
        self._silent_until = 0.0

    def take(self) -> Any:
        """Answer a connection that was alive a moment ago. Raises peewee.OperationalError."""
        self._pass_by_silence()
        if not self._places.acquire(timeout=self._patience_seconds):
            raise peewee.OperationalError("all connections to the store are at work")
        try:
            while (connection := self._next_idle()) is not None:
                if not _is_hung_up(connection):
                    return connection
                connection.close()
            return self._new()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: Any, *, is_usable: bool) -> None:
        """Let others have it; one that is not usable is closed."""
        if is_usable:
            self._idle.append(connection)
        else:
            connection.close()
        self._places.release()

    def close_idle(self) -> None:
        """Close those that nobody uses."""
        while (connection := self._next_idle()) is not None:
            connection.close()

    def note_silence(self) -> None:
        """Let nobody else wait for a server that somebody has waited for in vain."""
        self._silent_until = time.monotonic() + PAUSE_SECONDS
        self.close_idle()

    def _pass_by_silence(self) -> None:
        if not self._silent_until:
            return
        with self._lock:
            now = time.monotonic()
            if now < self._silent_until:
                raise Silence("the store has not answered for a while")
            # This thread tries; others need not wait with it.
            self._silent_until = now + self._patience_seconds + PAUSE_SECONDS

    def _new(self) -> Any:
        began = time.monotonic()
        try:
            connection = self._connect()
        except peewee.OperationalError:
            if time.monotonic() - began > SLOW_SECONDS:
                self.note_silence()
            raise
        self._silent_until = 0.0
        return connection

    def _next_idle(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return None


def _is_hung_up(connection: Any) -> bool:
    """Say whether the server has something to say to an idle connection: a farewell."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
