from world import Api, code


def test_200_for_any_live_key_whatever_its_scopes(api: Api) -> None:
    made = api.create(scopes=["deliveries:write"])
    value = made.pop("key")

    reply = api.with_key(value)("GET", "/v1/api-keys/current")

    assert reply.status_code == 200
    assert reply.json() == made


def test_literal_path_beats_the_key_id(api: Api) -> None:
    for method in ("PATCH", "DELETE", "POST"):
        reply = api(method, "/v1/api-keys/current", json={})
        assert (reply.status_code, code(reply)) == (405, "METHOD_NOT_ALLOWED")
        assert reply.headers["allow"] == "GET, HEAD"
