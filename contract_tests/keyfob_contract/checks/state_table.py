"""The state table of a key: what is done, what has to come of it, and what its value is worth then.

Written out row by row, where ``generated.lifecycle`` has it as a model: each checks the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from keyfob_contract.rules.exchange import Answer


class Step(NamedTuple):
    """Something that is done to a key, and what has to come of it.

    Attributes:
        expected: status and code of the answer.
        shown: what the key then shows, if it can be viewed.
        use: what its current value is answered from then on.
    """

    action: str
    body: Any
    expected: Answer
    shown: Mapping[str, Any]
    use: Answer


ACTIVE = {"status": "active", "revokedAt": None, "revokedReason": None}
REVOKED = {"status": "revoked"}
WORKS = (200, None)
_IS_REVOKED = (401, "API_KEY_REVOKED")
_IS_EXPIRED = (401, "API_KEY_EXPIRED")
IS_GONE = (401, "API_KEY_INVALID")
_DONE = (200, None)
_ABSENT = (404, "NOT_FOUND")


def _step(
    action: str,
    code: Answer,
    shown: Mapping[str, Any],
    use: Answer,
    body: Any = None,
) -> Step:
    return Step(action, body, code, shown, use)


FROM_ACTIVE: Sequence[Step] = (
    _step("view", _DONE, ACTIVE, WORKS),
    _step("usage", _DONE, ACTIVE, WORKS),
    _step("edit", _DONE, {**ACTIVE, "description": "1"}, WORKS, {"description": "1"}),
    _step("reactivate", (409, "KEY_IS_ACTIVE"), ACTIVE, WORKS),
    _step("delete", (409, "KEY_IS_ACTIVE"), ACTIVE, WORKS),
    _step("rotate", _DONE, {**ACTIVE, "secretVersion": 2}, WORKS),
    _step("revoke", _DONE, {**REVOKED, "revokedReason": "other"}, _IS_REVOKED),
    _step("view", _DONE, REVOKED, _IS_REVOKED),
    _step("usage", _DONE, REVOKED, _IS_REVOKED),
    _step("edit", (409, "KEY_IS_REVOKED"), {"description": "1"}, _IS_REVOKED, {"description": "2"}),
    _step("rotate", (409, "KEY_IS_REVOKED"), {"secretVersion": 2}, _IS_REVOKED),
    _step("revoke", _DONE, {"revokedReason": "other"}, _IS_REVOKED, {"reason": "temporary"}),
    _step("reactivate", _DONE, {**ACTIVE, "secretVersion": 2}, WORKS),
    _step("revoke", _DONE, {"revokedReason": "unused"}, _IS_REVOKED, {"reason": "unused"}),
    _step(
        "revoke", _DONE, {"revokedReason": "compromised"}, _IS_REVOKED, {"reason": "compromised"}
    ),
    _step("revoke", _DONE, {"revokedReason": "compromised"}, _IS_REVOKED, {"reason": "unused"}),
    _step("reactivate", (409, "KEY_IS_COMPROMISED"), REVOKED, _IS_REVOKED),
    _step("delete", (204, None), {}, IS_GONE),
    *(
        _step(action, _ABSENT, {}, IS_GONE, {"description": "3"} if action == "edit" else None)
        for action in ("view", "usage", "edit", "rotate", "revoke", "reactivate", "delete")
    ),
)
"""The life of a key from its creation on."""

FROM_EXPIRED: Sequence[Step] = (
    _step("view", _DONE, {"status": "expired"}, _IS_EXPIRED),
    _step("usage", _DONE, {"status": "expired"}, _IS_EXPIRED),
    _step("rotate", (409, "KEY_IS_EXPIRED"), {"secretVersion": 1}, _IS_EXPIRED),
    _step("reactivate", (409, "KEY_IS_EXPIRED"), {"status": "expired"}, _IS_EXPIRED),
    _step("delete", (409, "KEY_NOT_REVOKED"), {"status": "expired"}, _IS_EXPIRED),
    _step("edit", _DONE, {"status": "expired"}, _IS_EXPIRED, {"description": "late"}),
    _step("revoke", _DONE, {"revokedReason": "temporary"}, _IS_REVOKED, {"reason": "temporary"}),
    _step("reactivate", _DONE, {"status": "expired", "revokedAt": None}, _IS_EXPIRED),
    _step("edit", _DONE, ACTIVE, WORKS, {"expiresAt": None}),
    _step("rotate", _DONE, {**ACTIVE, "secretVersion": 2}, WORKS),
)
"""The life of a key from its expiry on."""

FROM_EXPIRED_TO_DELETED: Sequence[Step] = (
    _step("revoke", _DONE, REVOKED, _IS_REVOKED),
    _step("edit", (409, "KEY_IS_REVOKED"), REVOKED, _IS_REVOKED, {"expiresAt": None}),
    _step("rotate", (409, "KEY_IS_REVOKED"), {"secretVersion": 1}, _IS_REVOKED),
    _step("delete", (204, None), {}, IS_GONE),
    _step("view", _ABSENT, {}, IS_GONE),
)
"""The end of a key that expired and was revoked: that it is revoked weighs more."""
