"""Records as the gate makes them, for tests that feed the recorder without a gate."""

from itertools import count
from typing import Any

from world import START

from keyfob.usage import UsageRecord

_numbers = count(1)

RECORD = UsageRecord(
    request_id="",
    at=START,
    method="GET",
    path="/v1/api-keys",
    operation="listApiKeys",
    scope="",
    status=200,
    code="OK",
    duration_us=400,
    client="203.0.113.7",
    user_agent="hr-sync/2.1",
    organization_id="org_1",
    key_id="key_1",
    secret_version=1,
    judged=False,
    charged=True,
)
KEYLESS: dict[str, Any] = {
    "organization_id": None,
    "key_id": None,
    "secret_version": None,
    "charged": False,
    "status": 401,
    "code": "API_KEY_INVALID",
}
NOT_FOUND: dict[str, Any] = {"status": 404, "code": "NOT_FOUND"}


def record_of(**members: Any) -> UsageRecord:
    """Answer a record with an id of its own: a good request of ``key_1``, but for the members."""
    return RECORD._replace(request_id=f"req_{next(_numbers)}", **members)
