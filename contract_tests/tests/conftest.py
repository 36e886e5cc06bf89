"""What the tests of the kit share: a real server, and a run against this service."""

from collections.abc import Iterator

import pytest
from processes import Operator, Server
from runs import Judged, Quick, judged, quick_run
from staging import Staging

PATIENCE_SECONDS = 120


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return Operator(tmp_path_factory.mktemp("operator"), PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def staging(operator: Operator) -> Iterator[Staging]:
    first_keys = [operator.organization(name).key_value for name in ("Acme", "Globex")]
    with operator.serving() as server:
        yield Staging(operator, server, *(tireless_key(server, key) for key in first_keys))


def tireless_key(server: Server, first_key: str) -> str:
    """Make a key alike, whose rate limit lasts for as many runs as there are tests in a minute."""
    like = server.get("/v1/api-keys/current", first_key).json()
    body = {name: like[name] for name in ("name", "scopes", "siteIds")}
    body["rateLimit"] = {"requests": 1_000_000, "windowSeconds": 60}
    return server.send("POST", "/v1/api-keys", first_key, json=body).json()["key"]


@pytest.fixture(scope="session")
def quick() -> Quick:
    return quick_run()


@pytest.fixture(scope="session")
def conforming() -> Judged:
    return judged()
