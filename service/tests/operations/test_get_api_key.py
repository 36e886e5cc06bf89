from world import Api, Organization, SettableClock, code, without_request_id


def test_200_shows_the_key_without_its_value(api: Api) -> None:
    made = api.create(name="hr-sync", description="nightly")

    reply = api("GET", f"/v1/api-keys/{made['id']}")

    value = made.pop("key")
    assert reply.status_code == 200
    assert reply.json() == made
    assert value not in reply.text


def test_200_in_every_state(api: Api, clock: SettableClock) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    path = f"/v1/api-keys/{made['id']}"

    states = [api("GET", path).json()["status"]]
    clock.advance(days=1)
    states.append(api("GET", path).json()["status"])
    api("POST", f"{path}/revoke")
    states.append(api("GET", path).json()["status"])

    assert states == ["active", "expired", "revoked"]


def test_403_without_the_scope(api: Api, acme: Organization) -> None:
    blind = api.with_key(api.create(scopes=["keys:write"])["key"])
    reply = blind("GET", f"/v1/api-keys/{acme.key_id}")

    assert (reply.status_code, code(reply)) == (403, "SCOPE_INSUFFICIENT")


def test_404_is_the_same_for_an_absent_a_foreign_and_a_deleted_key(
    api: Api, other_api: Api
) -> None:
    foreign = other_api.create()["id"]
    deleted = api.create()["id"]
    api("POST", f"/v1/api-keys/{deleted}/revoke")
    api("DELETE", f"/v1/api-keys/{deleted}")

    replies = [api("GET", f"/v1/api-keys/{key}") for key in ("key_absent", foreign, deleted)]

    assert [reply.status_code for reply in replies] == [404, 404, 404]
    assert len({without_request_id(reply) for reply in replies}) == 1


def test_404_for_a_key_beyond_the_sites_of_the_actor(api: Api) -> None:
    mine, other = api.site("A"), api.site("B")
    limited = api.with_key(api.create(scopes=["keys:read"], siteIds=[mine])["key"])
    beyond = [
        api.create(siteIds=[other]),
        api.create(siteIds=[mine, other]),
        api.create(siteIds=["*"]),
    ]

    assert {limited("GET", f"/v1/api-keys/{key['id']}").status_code for key in beyond} == {404}
    within = api.create(siteIds=[mine])
    assert limited("GET", f"/v1/api-keys/{within['id']}").status_code == 200
