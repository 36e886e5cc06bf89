from world import Api, SettableClock, code


def test_200_and_the_last_value_works_again(api: Api) -> None:
    made = api.create()
    path = f"/v1/api-keys/{made['id']}"
    api("POST", f"{path}/revoke", json={"reason": "temporary"})

    reply = api("POST", f"{path}/reactivate")

    assert reply.status_code == 200
    assert reply.json()["status"] == "active"
    assert (reply.json()["revokedAt"], reply.json()["revokedReason"]) == (None, None)
    assert api.with_key(made["key"])("GET", "/v1/api-keys/current").status_code == 200


def test_200_but_expired_if_the_expiry_passed_meanwhile(api: Api, clock: SettableClock) -> None:
    made = api.create(expiresAt="2026-03-02T00:00:00Z")
    path = f"/v1/api-keys/{made['id']}"
    api("POST", f"{path}/revoke")
    clock.advance(days=2)

    assert api("POST", f"{path}/reactivate").json()["status"] == "expired"
    assert code(api.with_key(made["key"])("GET", "/v1/api-keys/current")) == "API_KEY_EXPIRED"


def test_403_when_the_key_holds_more_than_the_actor(api: Api) -> None:
    wider = api.create(scopes=["audit:read"])["id"]
    api("POST", f"/v1/api-keys/{wider}/revoke")
    writer = api.with_key(api.create(scopes=["keys:write"])["key"])

    reply = writer("POST", f"/v1/api-keys/{wider}/reactivate")

    assert (reply.status_code, code(reply)) == (403, "SCOPE_ESCALATION")
    assert api("GET", f"/v1/api-keys/{wider}").json()["status"] == "revoked"


def test_404_for_a_foreign_key_which_stays_revoked(api: Api, other_api: Api) -> None:
    foreign = other_api.create()["id"]
    other_api("POST", f"/v1/api-keys/{foreign}/revoke")

    assert api("POST", f"/v1/api-keys/{foreign}/reactivate").status_code == 404
    assert other_api("GET", f"/v1/api-keys/{foreign}").json()["status"] == "revoked"


def test_409_says_why_not(api: Api, clock: SettableClock) -> None:
    path = f"/v1/api-keys/{api.create(expiresAt='2026-03-02T00:00:00Z')['id']}"

    assert code(api("POST", f"{path}/reactivate")) == "KEY_IS_ACTIVE"
    clock.advance(days=2)
    assert code(api("POST", f"{path}/reactivate")) == "KEY_IS_EXPIRED"
    api("POST", f"{path}/revoke", json={"reason": "compromised"})
    reply = api("POST", f"{path}/reactivate")
    assert (reply.status_code, code(reply)) == (409, "KEY_IS_COMPROMISED")
