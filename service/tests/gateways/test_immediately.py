"""A change of a key is effective on the next request, on new connections and on old ones."""

from gateways.programs import Program
from gateways.upstream import Upstream
from gateways.wire import Wire, bearer, send
from world import Api

CHANGES = 100


def test_no_request_after_a_revocation_or_rotation_is_let_through(
    gateway: Program, upstream: Upstream, admin: Api
) -> None:
    key = admin.create(rateLimit={"requests": 1_000_000, "windowSeconds": 60})
    path = f"/v1/api-keys/{key['id']}"
    with Wire(gateway.port) as wire:

        def ask(value: str) -> list[tuple[int, str]]:
            request = ("GET", "/visitors", bearer(value))
            replies = (wire.send(*request), send(gateway.port, *request))
            return [(200, "") if each.status == 200 else each.outcome for each in replies]

        for _ in range(CHANGES // 2):
            assert ask(key["key"]) == [(200, "")] * 2
            assert admin("POST", f"{path}/revoke").status_code == 200
            assert ask(key["key"]) == [(401, "API_KEY_REVOKED")] * 2
            admin("POST", f"{path}/reactivate")
            rotated = admin("POST", f"{path}/rotate").json()
            assert ask(key["key"]) == [(401, "API_KEY_ROTATED")] * 2
            key = rotated
    assert len(upstream.arrived) == CHANGES


def test_a_scope_taken_away_is_gone(gateway: Program, upstream: Upstream, admin: Api) -> None:
    made = admin.create(scopes=["visitors:read", "employees:read"])
    assert send(gateway.port, "GET", "/visitors", bearer(made["key"])).status == 200
    admin("PATCH", f"/v1/api-keys/{made['id']}", json={"scopes": ["employees:read"]})

    reply = send(gateway.port, "GET", "/visitors", bearer(made["key"]))
    assert reply.outcome == (403, "SCOPE_INSUFFICIENT")
    assert len(upstream.arrived) == 1
