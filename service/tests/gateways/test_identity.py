"""What the API is told about the key comes from Keyfob alone, whatever a client invents."""

import pytest
from gateways.programs import Program
from gateways.upstream import Upstream
from gateways.wire import Headers, bearer, send
from world import Api

FORGED: dict[str, Headers] = {
    "as they are": [
        ("X-Keyfob-Key-Id", "key_forged"),
        ("X-Keyfob-Organization-Id", "org_forged"),
        ("X-Keyfob-Scopes", "visitors:write"),
    ],
    "another case": [("x-keyfob-key-id", "key_forged"), ("X-KEYFOB-SCOPES", "visitors:write")],
    "underscores": [("X_Keyfob_Key_Id", "key_forged"), ("x_keyfob_scopes", "visitors:write")],
    "some underscores": [
        ("X-Keyfob_Key-Id", "key_forged"),
        ("X_Keyfob-Key-Id", "key_forged"),
        ("X-Keyfob-Key_Id", "key_forged"),
    ],
    "repeated": [("X-Keyfob-Key-Id", f"key_forged{n}") for n in range(3)],
    "empty": [("X-Keyfob-Key-Id", ""), ("X-Keyfob-Scopes", "")],
    "not set by Keyfob": [
        ("X-Keyfob-Site-Ids", "*"),
        ("X-Keyfob-Admin", "true"),
        ("X-Keyfob-Error", "none"),
        ("X-Keyfob-Question", "scope=visitors:read"),
        ("X-Keyfob", "anything"),
    ],
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_no_header_of_a_clients_own_passes(
    gateway: Program, upstream: Upstream, admin: Api, forged: Headers
) -> None:
    made = admin.create()
    headers = [*forged, *bearer(made["key"])]

    assert send(gateway.port, "GET", "/visitors", headers).status == 200
    (arrived,) = upstream.arrived
    assert arrived.identity == {
        "x-keyfob-key-id": [made["id"]],
        "x-keyfob-organization-id": [made["organizationId"]],
        "x-keyfob-scopes": ["visitors:read"],
    }


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_no_header_of_a_clients_own_replaces_a_key_or_a_scope(
    gateway: Program, upstream: Upstream, admin: Api, forged: Headers
) -> None:
    key = admin.create(scopes=["employees:read"])["key"]

    assert send(gateway.port, "GET", "/visitors", forged).status == 401
    assert send(gateway.port, "GET", "/visitors", [*forged, *bearer(key)]).status == 403
    assert upstream.arrived == []


def test_client_cannot_have_headers_dropped_on_the_way(
    gateway: Program, upstream: Upstream, admin: Api
) -> None:
    made = admin.create()
    named = "X-Keyfob-Key-Id, X-Keyfob-Organization-Id, X-Keyfob-Scopes"
    headers = [*bearer(made["key"]), ("Connection", f"{named}, keep-alive")]

    assert send(gateway.port, "GET", "/visitors", headers).status == 200
    (arrived,) = upstream.arrived
    assert arrived.identity["x-keyfob-key-id"] == [made["id"]]
    assert len(arrived.identity) == 3
