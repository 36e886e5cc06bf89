"""All that is kept, in one place."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from keyfob.reception import Delivery, Employee, Visitor
from keyfob.store import database as db
from keyfob.store import tables
from keyfob.store.admin_sessions import AdminSessionRows
from keyfob.store.admins import AdminRows
from keyfob.store.api_keys import ApiKeyRows
from keyfob.store.audit import AuditRows
from keyfob.store.deleted_keys import DeletedKeyRows
from keyfob.store.dialect import StoreDatabase
from keyfob.store.idempotency import IdempotencyRows
from keyfob.store.organizations import OrganizationRows
from keyfob.store.reception import EntryRows
from keyfob.store.requests import RequestRows
from keyfob.store.sightings import SightingRows
from keyfob.store.sites import SiteRows
from keyfob.store.statements import Statement
from keyfob.store.usage import UsageRows


class _Deferred(threading.local):
    """What a thread is to do once it is in no transaction any more."""

    def __init__(self) -> None:
        self.works: list[Callable[[], None]] = []


class Store:
    """One database, whose tables are up to date."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self.admins = AdminRows(database)
        self.admin_sessions = AdminSessionRows(database)
        self.api_keys = ApiKeyRows(database)
        self.audit = AuditRows(database)
        self.deliveries = EntryRows(database, tables.Delivery, Delivery)
        self.deleted_keys = DeletedKeyRows(database)
        self.employees = EntryRows(database, tables.Employee, Employee)
        self.idempotency = IdempotencyRows(database)
        self.organizations = OrganizationRows(database)
        self.requests = RequestRows(database)
        self.sightings = SightingRows(database)
        self.sites = SiteRows(database)
        self.usage = UsageRows(database)
        self.visitors = EntryRows(database, tables.Visitor, Visitor)
        self._deferred = _Deferred()
        setting = tables.StoreSetting
        self._ping = Statement(database, setting.select(setting.name).limit(1))

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Enclose a change: all of it or nothing. On SQLite no other is made at the same time.

        One within another is part of it: what fails in it must not be caught within the other.
        """
        if self.database.in_transaction():
            yield
            return
        try:
            with db.transaction(self.database):
                yield
        finally:
            self._run_deferred()

    def after_transaction(self, work: Callable[[], None]) -> None:
        """Do something apart from the transaction that this thread is in, whatever becomes of it.

        Args:
            work: is run when the outermost transaction has ended, or at once if there is none; it
                must not raise.
        """
        self._deferred.works.append(work)
        self._run_deferred()

    def ping(self) -> None:
        """Ask the store a small question. Raises Unavailable."""
        self._ping.row()

    def _run_deferred(self) -> None:
        while self._deferred.works and not self.database.in_transaction():
            self._deferred.works.pop(0)()
