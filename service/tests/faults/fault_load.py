"""Managers, who change keys, and users, who use them: all at once, against several servers."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Event
from typing import Any

from fault_history import ALIVE, History, KeyHistory, State, Use

PATIENCE_SECONDS = 30  # longer than anything is frozen: who gives up does not know what happened
SETTLE_SECONDS = 0.5
RECENT_KEYS = 12


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; ``status`` is 0 if nothing did."""

    status: int
    body: Any = None
    is_proper: bool = True

    @property
    def outcome(self) -> str:
        if self.status == 0:
            return "CUT"
        return ALIVE if self.status < 400 else str(self.body["error"]["code"])


class Client:
    """Talks to one of several servers, and to another one when that hangs up."""

    def __init__(self, ports: list[int], rng: random.Random) -> None:
        self._ports = ports
        self._rng = rng
        self._connection: HTTPConnection | None = None

    def __call__(self, method: str, path: str, key: str, body: object = None) -> Reply:
        headers = {"X-API-Key": key}
        content = None if body is None else json.dumps(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        if self._connection is None:
            port = self._rng.choice(self._ports)
            self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            self._connection.request(method, path, content, headers)
            reply = self._connection.getresponse()
            text = reply.read()
        except (OSError, HTTPException):
            self.close()
            return Reply(0)
        parsed = json.loads(text) if text else None
        return Reply(reply.status, parsed, _is_proper(reply.status, parsed, reply.headers))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _is_proper(status: int, body: Any, headers: Any) -> bool:
    if status < 400:
        return True
    error = body.get("error", {}) if isinstance(body, dict) else {}
    named = set(error) == {"code", "message", "details", "requestId"}
    told = status != 503 or "Retry-After" in headers
    return named and told and error["requestId"] == headers["X-Request-Id"]


class User:
    """Uses values, living and dead, of keys that were made lately."""

    def __init__(self, history: History, ports: list[int], seed: int) -> None:
        self._history = history
        self._rng = random.Random(seed)
        self._client = Client(ports, self._rng)
        self.sent = 0

    def go_on(self, stop: Event) -> None:
        uses: list[Use] = []
        while not stop.is_set():
            recent = list(self._history.keys.values())[-RECENT_KEYS:]
            values = [(key, value) for key in recent for value in key.states[-1].outcomes]
            if not values:
                time.sleep(0.01)
                continue
            key, value = self._rng.choice(values)
            began = time.monotonic()
            reply = self._client("GET", "/v1/authorize", value)
            ended = time.monotonic()
            self.sent += 1
            uses.append(Use(key.id, value, began, ended, reply.outcome, reply.is_proper))
            if reply.status == 0:
                time.sleep(0.05)
        self._client.close()
        self._history.add_uses(uses)


class Manager:
    """Makes keys and leads each through a life of its own."""

    def __init__(self, history: History, ports: list[int], admin_key: str, seed: int) -> None:
        self._history = history
        self._admin_key = admin_key
        self._rng = random.Random(seed)
        self._client = Client(ports, self._rng)
        self._made = 0
        self.changes = 0
        self._seed = seed

    def go_on(self, stop: Event) -> None:
        while not stop.is_set():
            key = self._create()
            if key is None:
                time.sleep(0.1)
                continue
            for _ in range(self._rng.randrange(3, 9)):
                if stop.is_set():
                    break
                self._rng.choice(self._possible(key))(key)
                time.sleep(self._rng.random() * 0.05)
        self._client.close()

    def _create(self) -> KeyHistory | None:
        self._made += 1
        name = f"key {self._seed}.{self._made}"
        limit = {"requests": 1_000_000, "windowSeconds": 1}
        draft = {"name": name, "scopes": ["keys:read"], "siteIds": ["*"], "rateLimit": limit}
        begun = time.monotonic()
        reply = self._client("POST", "/v1/api-keys", self._admin_key, draft)
        if reply.status != 201:
            return None
        value = reply.body["key"]
        key = KeyHistory(reply.body["id"], name, audited=["apiKey.created"])
        key.states.append(State(begun, time.monotonic(), {value: ALIVE}))
        self._history.add_key(key)
        return key

    def _possible(self, key: KeyHistory) -> list[Callable[[KeyHistory], None]]:
        if key.deleted:
            return [lambda _key: None]
        if key.revoked:
            return [self._reactivate, self._delete, self._reactivate]
        return [self._rotate, self._rotate, self._revoke, self._rename]

    def _rotate(self, key: KeyHistory) -> None:
        version = self._seen(key)["secretVersion"]
        begun, reply = self._change(key, "POST", "/rotate")
        before = key.states[-1].outcomes
        if reply.status != 200 and self._resolved(key)["secretVersion"] == version:
            return
        after = {v: "API_KEY_ROTATED" if worth == ALIVE else worth for v, worth in before.items()}
        if reply.status == 200:
            after[reply.body["key"]] = ALIVE
        self._note(key, "apiKey.rotated", begun, after)

    def _revoke(self, key: KeyHistory) -> None:
        begun, reply = self._change(key, "POST", "/revoke", {"reason": "temporary"})
        if reply.status != 200 and self._resolved(key)["status"] != "revoked":
            return
        key.revoked = True
        self._note(key, "apiKey.revoked", begun, _worth(key, ALIVE, "API_KEY_REVOKED"))

    def _reactivate(self, key: KeyHistory) -> None:
        begun, reply = self._change(key, "POST", "/reactivate")
        if reply.status != 200 and self._resolved(key)["status"] != "active":
            return
        key.revoked = False
        self._note(key, "apiKey.reactivated", begun, _worth(key, "API_KEY_REVOKED", ALIVE))

    def _rename(self, key: KeyHistory) -> None:
        name = f"{key.name} {self.changes}"
        begun, reply = self._change(key, "PATCH", "", {"name": name})
        if reply.status != 200 and self._resolved(key)["name"] != name:
            return
        self._note(key, "apiKey.updated", begun, key.states[-1].outcomes)

    def _delete(self, key: KeyHistory) -> None:
        begun, reply = self._change(key, "DELETE", "")
        if reply.status != 204 and self._resolved(key) != {}:
            return
        key.deleted = True
        gone = dict.fromkeys(key.states[-1].outcomes, "API_KEY_INVALID")
        self._note(key, "apiKey.deleted", begun, gone)

    def _change(
        self, key: KeyHistory, method: str, path: str, body: object = None
    ) -> tuple[float, Reply]:
        begun = time.monotonic()
        self.changes += 1
        reply = self._client(method, f"/v1/api-keys/{key.id}{path}", self._admin_key, body)
        return begun, reply

    def _note(self, key: KeyHistory, action: str, begun: float, outcomes: dict[str, str]) -> None:
        key.audited.append(action)
        key.states.append(State(begun, time.monotonic(), outcomes))

    def _resolved(self, key: KeyHistory) -> dict[str, Any]:
        """Answer what has become of a key after a change of which nobody knows; {} if it is gone.

        Twice: a commit that was on its way when its connection broke may come a moment later.
        """
        self._seen(key)
        time.sleep(SETTLE_SECONDS)
        return self._seen(key)

    def _seen(self, key: KeyHistory) -> dict[str, Any]:
        while True:
            reply = self._client("GET", f"/v1/api-keys/{key.id}", self._admin_key)
            if reply.status == 200:
                return reply.body
            if reply.status == 404:
                return {}
            time.sleep(0.1)


def _worth(key: KeyHistory, before: str, after: str) -> dict[str, str]:
    return {
        value: after if worth == before else worth
        for value, worth in key.states[-1].outcomes.items()
    }
