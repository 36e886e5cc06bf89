"""What the tests of visitors, employees and deliveries share: how each book differs."""

from dataclasses import dataclass, field
from typing import Any

from world import Api


@dataclass(frozen=True)
class Step:
    """An operation that changes the status, and the member that keeps when."""

    path: str
    before: str
    after: str
    stamp: str


@dataclass(frozen=True)
class Book:
    """One kind of resource.

    Attributes:
        name: the last segment of its path, and the first half of its scopes.
        operation: that creates one.
        draft: no more than is needed, but for the site.
        told: what may be told beyond that.
        name_member: holds the name that is searched.
        first_status: of a new one.
        steps: in the order in which one can go through them.
    """

    name: str
    operation: str
    id_prefix: str
    draft: dict[str, Any]
    told: dict[str, Any]
    name_member: str
    first_status: str
    steps: tuple[Step, ...]
    path: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", f"/v1/{self.name}")

    def body(self, site: str, **members: Any) -> dict[str, Any]:
        """Answer a body that creates one."""
        return {"siteId": site, **self.draft, **members}

    def create(self, api: Api, site: str, **members: Any) -> dict[str, Any]:
        """Create one and answer the reply's body."""
        reply = api("POST", self.path, json=self.body(site, **members))
        assert reply.status_code == 201, reply.text
        return reply.json()

    def named(self, api: Api, site: str, name: str) -> dict[str, Any]:
        """Create one with a name and answer the reply's body."""
        return self.create(api, site, **{self.name_member: name})

    def take(self, api: Api, made: dict[str, Any], *steps: Step) -> dict[str, Any]:
        """Take steps and answer the last reply's body."""
        for step in steps:
            reply = api("POST", f"{self.path}/{made['id']}/{step.path}")
            assert reply.status_code == 200, reply.text
            made = reply.json()
        return made


VISITORS = Book(
    name="visitors",
    operation="createVisitor",
    id_prefix="vis",
    draft={"name": "Grace Hopper", "expectedAt": "2026-03-02T09:00:00.000Z"},
    told={
        "email": "grace@example.com",
        "company": "Example Ltd",
        "hostName": "Ada Lovelace",
        "purpose": "Interview",
    },
    name_member="name",
    first_status="expected",
    steps=(
        Step("check-in", "expected", "checkedIn", "checkedInAt"),
        Step("check-out", "checkedIn", "checkedOut", "checkedOutAt"),
    ),
)

EMPLOYEES = Book(
    name="employees",
    operation="createEmployee",
    id_prefix="emp",
    draft={"name": "Ada Lovelace", "email": "ada@example.com"},
    told={},
    name_member="name",
    first_status="checkedOut",
    steps=(
        Step("check-in", "checkedOut", "checkedIn", "lastCheckedInAt"),
        Step("check-out", "checkedIn", "checkedOut", "lastCheckedOutAt"),
    ),
)

DELIVERIES = Book(
    name="deliveries",
    operation="createDelivery",
    id_prefix="dlv",
    draft={"recipientName": "Ada Lovelace", "carrier": "DHL"},
    told={"trackingNumber": "JD014600006281230704"},
    name_member="recipientName",
    first_status="received",
    steps=(Step("collect", "received", "collected", "collectedAt"),),
)

BOOKS = (VISITORS, EMPLOYEES, DELIVERIES)
STEPS = [(book, step) for book in BOOKS for step in book.steps]
