"""The keys that a run makes for itself, and the dead ones that it makes to be refused."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from keyfob_contract.clocks import Clock
from keyfob_contract.inspector import Api

KEYS = "/v1/api-keys"
REQUESTS = "/v1/requests"
AMPLE = {"requests": 1_000_000, "windowSeconds": 1}
SOON = timedelta(seconds=2)
STEP_SECONDS = 0.25
MOST_STEPS = 240


@dataclass(frozen=True)
class DeadCredential:
    """What a request may carry that must not let it in.

    Attributes:
        code: that the refusal has to name.
        is_a_guess: nobody holds the value, so that an address may send it only so often.
    """

    name: str
    headers: Mapping[str, str]
    code: str
    is_a_guess: bool = False


class Keyring:
    """Makes keys that hold all that the admin's does, and removes them again."""

    def __init__(self, admin: Api) -> None:
        self._admin = admin
        self._made: list[str] = []
        mine = admin.must(200, "GET", f"{KEYS}/current")
        self._grant = {"scopes": mine["scopes"], "siteIds": mine["siteIds"]}

    def make(self, name: str) -> dict[str, Any]:
        """Make a key and answer it, its value included."""
        body = {"name": f"kit-{name}", "rateLimit": AMPLE, **self._grant}
        made = self._admin.must(201, "POST", KEYS, body)
        self._made.append(made["id"])
        return made

    def remove_all(self) -> None:
        """Delete what was made, but for what is gone already."""
        for key_id in self._made:
            remove(self._admin, key_id)
        self._made.clear()

    def dead_credentials(self, clock: Clock) -> tuple[DeadCredential, ...]:
        """Make a key for each way to be dead."""
        return (
            DeadCredential("no key", {}, "API_KEY_MISSING"),
            _dead("revoked", self._revoked(), "API_KEY_REVOKED"),
            _dead("rotated away", self._rotated_away(), "API_KEY_ROTATED"),
            replace(_dead("deleted", self._deleted(), "API_KEY_INVALID"), is_a_guess=True),
            _dead("expired", self._expired(clock), "API_KEY_EXPIRED"),
        )

    @property
    def made(self) -> frozenset[str]:
        """The ids of all keys that were made."""
        return frozenset(self._made)

    def _revoked(self) -> str:
        key = self.make("revoked")
        self._admin.must(200, "POST", f"{KEYS}/{key['id']}/revoke", {})
        return key["key"]

    def _rotated_away(self) -> str:
        key = self.make("rotated")
        self._admin.must(200, "POST", f"{KEYS}/{key['id']}/rotate")
        return key["key"]

    def _deleted(self) -> str:
        key = self.make("deleted")
        remove(self._admin, key["id"])
        return key["key"]

    def _expired(self, clock: Clock) -> str:
        key = self.make("expired")
        expire(self._admin, key["id"], clock)
        return key["key"]


def expire(admin: Api, key_id: str, clock: Clock) -> None:
    """Let a key expire, by the implementation's own time."""
    key = admin.must(200, "GET", f"{KEYS}/{key_id}")
    # Any edit tells what time it is there; the kit's own clock may differ.
    touched = admin.must(200, "PATCH", f"{KEYS}/{key_id}", {"name": key["name"] + " (expired)"})
    soon = datetime.fromisoformat(touched["updatedAt"]).astimezone(UTC) + SOON
    admin.must(200, "PATCH", f"{KEYS}/{key_id}", {"expiresAt": soon.isoformat()})
    for _ in range(MOST_STEPS):
        if admin.must(200, "GET", f"{KEYS}/{key_id}")["status"] == "expired":
            return
        clock.wait(STEP_SECONDS)
    raise AssertionError(f"{key_id} did not expire")


def traced_request(holder: Api, reader: Api, clock: Clock) -> str:
    """Make a request and answer its id as soon as its trace can be read."""
    request_id = str(holder("GET", f"{KEYS}/current").header("x-request-id"))
    holder.inspector.settle()
    for _ in range(MOST_STEPS):
        if reader("GET", f"{REQUESTS}/{request_id}").status == 200:
            return request_id
        clock.wait(STEP_SECONDS)
    raise AssertionError(f"{request_id} left no trace")


def remove(admin: Api, key_id: str) -> None:
    """Delete a key in whatever state it is; one that is gone already may be gone."""
    if admin("POST", f"{KEYS}/{key_id}/revoke").status != 404:
        admin("DELETE", f"{KEYS}/{key_id}")


def _dead(name: str, value: str, code: str) -> DeadCredential:
    return DeadCredential(name, {"Authorization": f"Bearer {value}"}, code)
