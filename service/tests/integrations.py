"""Integrations that talk to a mock: a careful one, and for each rule one that breaks only it.

They wait by letting the mock's clock go on, so that no test has to wait with them.
"""

import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any

import httpx
from mocks import FULL, VISITOR, Mock

VISITORS = "/v1/visitors"
ONE = f"{VISITORS}/vis_EvaLindholm00000000001"
DOUBTFUL = range(500, 600)


class CarefulClient:
    """Does as the contract asks: what others do wrong is what they override."""

    agent = "acme-sync/2.1"
    most_attempts = 5
    blunders_at_last = False

    def __init__(self, mock: Mock, values: Iterator[str]) -> None:
        self.mock = mock
        self.values = values
        self.value = next(values)
        self.used = [self.value]

    def integrate(self) -> None:
        """Meet everything that an integration meets; a failure each time, scripted beforehand."""
        self.all_visitors()
        self.mock.script({"status": 429, "retryAfter": 2})
        self.all_visitors()
        self.mock.script({"operationId": "getVisitor", "status": 500, "times": 4})
        self.send("GET", ONE)
        self.mock.script({"operationId": "createVisitor", "drop": True})
        self.create(VISITOR)
        self.mock.script({"operationId": "getVisitor", "status": 503, "retryAfter": 1, "times": 50})
        self.send("GET", ONE)
        self.mock.control("DELETE", "failures")
        self.blunder()

    def work(self) -> None:
        """Do what it is there for, once."""
        self.all_visitors()
        self.send("GET", ONE)
        self.create(VISITOR | {"purpose": f"Visit {uuid.uuid4()}"})

    def blunder(self) -> None:
        """Do what others do wrong beside their work."""

    def all_visitors(self) -> list[Any]:
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            reply = self.send("GET", VISITORS, params=cursor)
            if reply.is_error:
                return found
            page = reply.json()
            found += page["data"]
            if page["nextCursor"] is None:
                return found
            cursor = {"cursor": page["nextCursor"]}

    def create(self, draft: dict[str, str]) -> httpx.Response:
        once = {"Idempotency-Key": str(uuid.uuid4())}
        return self.send("POST", VISITORS, json=draft, headers=once)

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, again if need be, and answer the last reply."""
        attempt = 0
        while True:
            reply = self.try_once(method, path, **request)
            attempt += 1
            if reply is not None and reply.status_code == 401:
                self.value = next(self.values)
                self.used.append(self.value)
                continue
            if reply is not None and reply.status_code not in {429, *DOUBTFUL}:
                return reply
            self.wait(attempt, reply)  # also after the last attempt: others use the key, too
            if reply is not None and attempt == self.most_attempts:
                return reply

    def try_once(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        headers = {"User-Agent": self.agent, **request.pop("headers", {})}
        try:
            return self.mock(method, path, key=self.value, headers=headers, **request)
        except httpx.RemoteProtocolError:
            return None

    def wait(self, attempt: int, reply: httpx.Response | None) -> None:
        asked = 0 if reply is None else int(reply.headers.get("Retry-After", 0))
        self.mock.advance(max(asked, 2**attempt))


class LeaksItsKey(CarefulClient):
    def blunder(self) -> None:
        self.send("GET", f"{VISITORS}/{self.value}")


class Hammers(CarefulClient):
    def blunder(self) -> None:
        for _ in range(5):
            self.mock("GET", VISITORS, key=f"{self.value}x", headers={"User-Agent": self.agent})


class Hurries(CarefulClient):
    def wait(self, attempt: int, reply: httpx.Response | None) -> None:
        if reply is not None and reply.status_code == 429:
            self.mock.advance(1)
        else:
            super().wait(attempt, reply)


class Drums(CarefulClient):
    def wait(self, attempt: int, reply: httpx.Response | None) -> None:
        super().wait(min(attempt, 1), reply)


class NeverGivesUp(CarefulClient):
    most_attempts = 15

    def wait(self, attempt: int, reply: httpx.Response | None) -> None:
        super().wait(min(attempt, 4), reply)


class ForgetsWhetherItCreated(CarefulClient):
    def create(self, draft: dict[str, str]) -> httpx.Response:
        return self.send("POST", VISITORS, json=draft)


class ReadsOnePage(CarefulClient):
    def all_visitors(self) -> list[Any]:
        reply = self.send("GET", VISITORS)
        return [] if reply.is_error else reply.json()["data"]


class ClingsToItsOldValue(CarefulClient):
    blunders_at_last = True

    def blunder(self) -> None:
        old = self.used[0]
        self.mock("GET", VISITORS, key=old, headers={"User-Agent": self.agent})


class LendsItsKey(CarefulClient):
    def blunder(self) -> None:
        self.agent = "colleague/1.0"
        self.all_visitors()
        self.agent = CarefulClient.agent


class HoldsTooMuch(CarefulClient):
    def __init__(self, mock: Mock, values: Iterator[str]) -> None:
        next(values)
        super().__init__(mock, chain([FULL], values))


class IsNameless(CarefulClient):
    agent = ""


CARELESS = {
    "keeps_key_out_of_urls": LeaksItsKey,
    "stops_on_401": Hammers,
    "keeps_retry_after": Hurries,
    "backs_off": Drums,
    "gives_up": NeverGivesUp,
    "repeats_creations_safely": ForgetsWhetherItCreated,
    "follows_pages": ReadsOnePage,
    "follows_rotation": ClingsToItsOldValue,
    "shares_no_key": LendsItsKey,
    "needs_its_scopes": HoldsTooMuch,
    "names_itself": IsNameless,
}
