"""The question that is put is the route's, and nothing reaches the API by another way."""

from dataclasses import dataclass

import pytest
from gateways.programs import Program
from gateways.upstream import Upstream
from gateways.wire import bearer, send
from world import Api

TRICKS = [
    "//employees",
    "///employees",
    "/employees/",
    "/employees//",
    "/./employees",
    "/visitors/../employees",
    "/visitors/./../employees",
    "/visitors//../employees",
    "/x/../employees",
    "/visitors/%2e%2e/employees",
    "/visitors/%2E%2E/employees",
    "/visitors/.%2e/employees",
    "/visitors/%252e%252e/employees",
    "/visitors%2f..%2femployees",
    "/visitors%2F%2E%2E%2Femployees",
    "/visitors%5c..%5cemployees",
    "/visitors\\..\\employees",
    "/visitors/..;/employees",
    "/visitors;/../employees",
    "/visitors;x=1",
    "/visitors%3f/../employees",
    "/visitors%23/../employees",
    "/visitors#/../employees",
    "/visitors%00",
    "/visitors%0a",
    "/visitors%20",
    "/%65mployees",
    "/%2femployees",
    "/%2Femployees",
    "%2femployees",
    "/EMPLOYEES",
    "/Employees",
    "/employees.",
    "/visitors/",
    "/visitors/x",
    "/visitorsx",
    "//visitors",
    "/x/../visitors",
    "/employees%",
    "/employees%zz",
    "/employees%2f",
    "http://127.0.0.1/visitors/../employees",
    "http://127.0.0.1//employees",
    "/v1/authorize",
    "/v1/api-keys",
    "/.keyfob",
    "/.unavailable",
    "/",
    "*",
]


@dataclass(frozen=True)
class Holder:
    """A key that may do one thing only."""

    method: str
    path: str
    key: str


@pytest.fixture(scope="session")
def holders(admin: Api) -> list[Holder]:
    """For each route a key that opens no other."""
    routes = {
        "visitors:read": ("GET", "/visitors"),
        "visitors:write": ("POST", "/visitors"),
        "employees:read": ("GET", "/employees"),
    }
    limit = {"requests": 1_000_000, "windowSeconds": 60}
    return [
        Holder(*route, admin.create(scopes=[scope], rateLimit=limit)["key"])
        for scope, route in routes.items()
    ]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_each_method_needs_the_scope_of_its_route(
    gateway: Program, upstream: Upstream, admin: Api, method: str
) -> None:
    reader = admin.create(scopes=["visitors:read"])["key"]
    writer = admin.create(scopes=["visitors:write"])["key"]
    statuses = [
        send(gateway.port, method, "/visitors", bearer(key)).status for key in (reader, writer)
    ]

    assert statuses == {"GET": [200, 403], "POST": [403, 201]}.get(method, [404, 404])
    assert len(upstream.arrived) == (method in {"GET", "POST"})


def test_what_matches_no_route_is_not_found(
    gateway: Program, upstream: Upstream, admin: Api
) -> None:
    reply = send(gateway.port, "GET", "/deliveries", bearer(admin.create()["key"]))

    assert reply.status == 404
    assert upstream.arrived == []
    if gateway.name != "traefik":  # which says so in plain text
        assert reply.outcome == (404, "NOT_FOUND")
        assert reply.headers.get_all("X-Request-Id") == [reply.error["requestId"]]


@pytest.mark.parametrize("method", ["get", "GETT", "POST_", "VISITORS"])
def test_odd_methods_reach_nothing(
    gateway: Program, upstream: Upstream, admin: Api, method: str
) -> None:
    key = admin.create(scopes=["visitors:read", "visitors:write"])["key"]

    assert send(gateway.port, method, "/visitors", bearer(key)).status in {400, 404, 405, 501}
    assert upstream.arrived == []


@pytest.mark.parametrize("target", TRICKS)
def test_no_spelling_of_a_path_escapes_its_question(
    gateway: Program, upstream: Upstream, holders: list[Holder], target: str
) -> None:
    for holder in holders:
        upstream.reset()
        send(gateway.port, holder.method, target, bearer(holder.key))
        # Whatever was tidied up on the way, the API got exactly what was asked about.
        assert {arrived.target for arrived in upstream.arrived} <= {holder.path}


@pytest.mark.parametrize(
    "trick", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Envoy-Original-Path"]
)
def test_no_header_changes_the_question(
    gateway: Program, upstream: Upstream, admin: Api, trick: str
) -> None:
    key = admin.create(scopes=["visitors:read"])["key"]
    override = [("X-HTTP-Method-Override", "GET"), ("X-Forwarded-Method", "GET")]
    headers = [*bearer(key), (trick, "/visitors"), *override]

    assert send(gateway.port, "GET", "/employees", headers).outcome == (403, "SCOPE_INSUFFICIENT")
    assert send(gateway.port, "POST", "/visitors", headers).outcome == (403, "SCOPE_INSUFFICIENT")
    assert upstream.arrived == []


def test_the_query_of_a_request_does_not_reach_the_question(
    gateway: Program, upstream: Upstream, admin: Api
) -> None:
    key = admin.create(scopes=["visitors:read"])["key"]
    target = "/employees?scope=visitors:read"
    assert send(gateway.port, "GET", target, bearer(key)).outcome == (403, "SCOPE_INSUFFICIENT")

    target = "/visitors?scope=x&siteId=y&q=a%26b+c"
    assert send(gateway.port, "GET", target, bearer(key)).status == 200
    assert [arrived.target for arrived in upstream.arrived] == [target]


def test_the_site_in_the_path_is_asked_about(
    gateway: Program, upstream: Upstream, admin: Api, sites: tuple[str, str]
) -> None:
    mine, other = sites
    key = admin.create(siteIds=[mine])["key"]
    own = f"/sites/{mine}/visitors"

    assert send(gateway.port, "GET", own, bearer(key)).status == 200
    reply = send(gateway.port, "GET", f"/sites/{other}/visitors", bearer(key))
    assert reply.outcome == (403, "SITE_FORBIDDEN")
    everywhere = bearer(admin.create()["key"])
    assert send(gateway.port, "GET", f"/sites/{mine}/visitors", everywhere).status == 200
    assert {arrived.target for arrived in upstream.arrived} == {own}


@pytest.mark.parametrize(
    "site", ["nowhere", "site_0", "a&siteId={mine}", "{mine}&x", "{mine}%26x", "{mine}%20", "", "."]
)
def test_no_other_site_reaches_the_api(
    gateway: Program, upstream: Upstream, admin: Api, sites: tuple[str, str], site: str
) -> None:
    key = admin.create(siteIds=[sites[0]])["key"]
    target = f"/sites/{site.format(mine=sites[0])}/visitors"

    assert send(gateway.port, "GET", target, bearer(key)).status in {400, 403, 404}
    assert upstream.arrived == []
