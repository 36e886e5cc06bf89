"""Two bodies are the same wish if they say the same, however they are spelt."""

import pytest

from keyfob.mock.canonical import canonical

DRAFT = b'{"name": "Ada", "expectedAt": "2030-03-02T09:00:00Z", "siteId": "s"}'


@pytest.mark.parametrize(
    "again",
    [
        b'{"siteId":"s","expectedAt":"2030-03-02T09:00:00Z","name":"Ada"}',
        b'{"name": "Ada", "expectedAt": "2030-03-02T09:00:00Z", "siteId": "s", "purpose": null}',
        b'{"name": "Ada", "expectedAt": "2030-03-02T10:00:00.000+01:00", "siteId": "s"}',
        b'{"name": "\\u0041da", "expectedAt": "2030-03-02T09:00:00Z", "siteId": "s"}',
    ],
)
def test_other_spelling_is_the_same(again: bytes) -> None:
    assert canonical(again) == canonical(DRAFT)


@pytest.mark.parametrize(
    "other",
    [
        DRAFT.replace(b"Ada", b"ada"),
        DRAFT.replace(b"09:00", b"09:01"),
        DRAFT.replace(b"}", b', "purpose": ""}'),
    ],
)
def test_another_wish_is_another(other: bytes) -> None:
    assert canonical(other) != canonical(DRAFT)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000])
def test_what_is_no_json_is_taken_as_it_came(body: bytes) -> None:
    assert canonical(body) == body
