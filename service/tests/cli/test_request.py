"""The operator finds any request that is kept, with a known key or without."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import Finished, Operator
from usage_records import KEYLESS, NOT_FOUND, record_of

from keyfob.domain.opening import open_keyfob
from keyfob.settings import Settings
from keyfob.usage import UsageRecord

Keep = Callable[..., None]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Writes records down in the store of the operator."""

    def write(*records: UsageRecord) -> None:
        url = f"sqlite:///{tmp_path}/keyfob.db"
        keyfob = open_keyfob(Settings.from_environment({"DATABASE_URL": url}))
        made = keyfob.organizations.create("Acme", "admin@acme.example")
        for record in records:
            of_acme = {"organization_id": made.id, "key_id": made.key.id}
            keyfob.usage.record(record._replace(**of_acme) if record.key_id else record)
        keyfob.usage.stop()
        keyfob.store.database.close()

    return write


def found(finished: Finished) -> dict[str, Any]:
    assert finished.code == 0, finished.err
    return json.loads(finished.out)


def test_a_request_is_told_with_its_key_and_organization(operator: Operator, keep: Keep) -> None:
    record = record_of(**NOT_FOUND)
    keep(record)

    told = found(operator.run("request", record.request_id, "--json"))

    assert told["requestId"] == record.request_id
    assert told["code"] == "NOT_FOUND"
    assert told["organizationId"].startswith("org_")
    assert told["keyId"].startswith("key_")
    assert (told["judged"], told["judgedKey"]) == (False, None)


def test_a_request_without_a_known_key_is_told_in_words(operator: Operator, keep: Keep) -> None:
    record = record_of(operation="", path="/v1/now\x9bhere", **KEYLESS)
    keep(record)

    finished = operator.run("request", record.request_id)

    assert finished.code == 0
    assert finished.out.splitlines() == [
        f"request   {record.request_id}",
        "at        2026-03-01T09:30:00.000Z",
        "asked     GET /v1/now?here (nothing)",
        "answered  401 API_KEY_INVALID in 0.4 ms",
        "key       none that is known",
        "client    203.0.113.7 hr-sync/2.1",
    ]


def test_a_verification_is_told_with_the_key_that_was_judged(
    operator: Operator, keep: Keep
) -> None:
    asked = record_of(operation="verifyApiKey")
    judged = asked._replace(judged=True, status=401, code="API_KEY_REVOKED", secret_version=3)
    keep(judged, asked)

    told = found(operator.run("request", asked.request_id, "--json"))

    assert (told["code"], told["judged"]) == ("OK", False)
    assert told["judgedKey"]["code"] == "API_KEY_REVOKED"
    assert "value 3" in operator.run("request", asked.request_id).out


def test_what_is_not_kept_is_trouble_and_says_where_else_to_look(
    operator: Operator, keep: Keep
) -> None:
    keep()

    finished = operator.run("request", "req_absent")

    assert (finished.code, finished.out) == (2, "")
    assert "search it for the id" in finished.err
