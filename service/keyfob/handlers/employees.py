"""The operations on employees."""

from keyfob.domain.keyfob import Keyfob
from keyfob.model import Actor
from keyfob.reply import Json, Reply
from keyfob.schemas.reception import employee_draft, employee_json, entry_filter


def list_employees(
    keyfob: Keyfob,
    actor: Actor,
    *,
    site_id: str | None,
    status: str | None,
    q: str | None,
    limit: int,
    cursor: str | None,
) -> Reply:
    """Answer a page of employees."""
    asked = entry_filter(site_id=site_id, status=status, q=q)
    page = keyfob.employees.list(actor, asked, limit=limit, cursor=cursor)
    data = [employee_json(employee) for employee in page.items]
    return Reply(200, {"data": data, "nextCursor": page.next_cursor})


def create_employee(keyfob: Keyfob, actor: Actor, body: Json, idempotency_key: str | None) -> Reply:
    """Add an employee."""
    draft = employee_draft(body)

    def create() -> Reply:
        employee = keyfob.employees.create(actor, draft)
        return Reply(201, employee_json(employee), {"Location": f"/v1/employees/{employee.id}"})

    return keyfob.idempotency.once(
        actor,
        "createEmployee",
        idempotency_key,
        body,
        create=create,
        demand_may_create=lambda: keyfob.employees.demand_may_create(actor, draft),
    )


def get_employee(keyfob: Keyfob, actor: Actor, employee_id: str) -> Reply:
    """Answer an employee."""
    return Reply(200, employee_json(keyfob.employees.get(actor, employee_id)))


def check_in_employee(keyfob: Keyfob, actor: Actor, employee_id: str) -> Reply:
    """Note that an employee is in."""
    return Reply(200, employee_json(keyfob.employees.check_in(actor, employee_id)))


def check_out_employee(keyfob: Keyfob, actor: Actor, employee_id: str) -> Reply:
    """Note that an employee is out."""
    return Reply(200, employee_json(keyfob.employees.check_out(actor, employee_id)))
