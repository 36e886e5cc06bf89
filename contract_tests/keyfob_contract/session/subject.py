"""The implementation that is to be judged: at a URL, or in this process."""

import warnings
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

from keyfob_contract.run.kit import Subject
from keyfob_contract.session.order import CannotJudge, Order
from keyfob_contract.wire.clocks import WallClock
from keyfob_contract.wire.http_target import HttpTarget


def subject_of(order: Order) -> AbstractContextManager[Subject]:
    """Answer the subject, to be opened. Raises CannotJudge, also as it is opened."""
    if order.url is not None:
        if order.database_url is not None:
            raise CannotJudge("--database-url is for the service in this process, without --url.")
        return _server(order, order.url)
    if order.admin_key or order.other_admin_key:
        raise CannotJudge("There is a key, but no --url of the server whose key it is.")
    return _this_process(order)


@contextmanager
def _this_process(order: Order) -> Generator[Subject]:
    # The service takes seconds to import, and whoever judges a URL does not need it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what libraries think of each other
        from keyfob_contract.in_process import service_in_process  # noqa: PLC0415

    with service_in_process(order.seed, order.database_url) as subject:
        yield subject


@contextmanager
def _server(order: Order, url: str) -> Generator[Subject]:
    key = _usable(order.admin_key)
    if key is None:
        raise CannotJudge(
            "--url needs --admin-key, a key of that server with every scope on every site;"
            " CONTRACT_ADMIN_KEY in the environment will do."
        )
    other = _usable(order.other_admin_key)
    if other == key:
        raise CannotJudge("The other organisation's key is the same as the admin key.")
    target = _target(url)
    try:
        yield Subject(url.rstrip("/"), target, WallClock(), key, other)
    finally:
        target.close()


def _target(url: str) -> HttpTarget:
    try:
        parts = urlsplit(url)
        if not (parts.username or parts.query or parts.fragment):
            return HttpTarget(url)
    except ValueError as trouble:
        raise CannotJudge(f"{trouble}.") from trouble
    raise CannotJudge("--url takes http://host:port and perhaps a path, and nothing more.")


def _usable(key: str | None) -> str | None:
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise CannotJudge("A key that was given holds blanks, or characters that no key has.")
    return key or None
