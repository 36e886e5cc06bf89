"""Journals made by hand: what the clock and the order of things alone decide."""

from collections.abc import Callable
from typing import Any

import pytest

from keyfob.grading.entry import Entry, Outcome

Journal = list[Entry]
Note = Callable[..., Entry]

LIVELY: dict[str, Any] = {
    "method": "GET",
    "path": "/v1/visitors",
    "credential": "a",
    "client": "127.0.0.1",
    "key_id": "key_a",
    "secret_version": 1,
    "scopes": ["visitors:read"],
    "required_scope": "visitors:read",
    "headers": {"User-Agent": "acme/1"},
    "outcome": Outcome.ANSWERED,
    "status": 200,
    "code": "OK",
}


@pytest.fixture
def journal() -> Journal:
    return []


@pytest.fixture
def note(journal: Journal) -> Note:
    """Note a request at a second, answered at once and well unless it is said otherwise."""

    def note(at: float, **members: Any) -> Entry:
        moment = round(at * 1000)
        told: dict[str, Any] = {**LIVELY, "answered_at": moment, **members}
        journal.append(Entry(number=len(journal) + 1, at=moment, **told))
        return journal[-1]

    return note
