"""getLiveness and getReadiness."""

from pathlib import Path

import pytest
from world import Api, code


def test_both_answer_without_a_key(api: Api) -> None:
    nobody = api.with_key(None)

    assert nobody("GET", "/healthz").json() == {"status": "alive"}
    assert nobody("GET", "/readyz").json() == {"status": "ready"}


@pytest.mark.sqlite_only
def test_readiness_is_503_and_liveness_200_while_the_store_is_gone(
    api: Api, database_file: Path
) -> None:
    away = database_file.rename(database_file.with_suffix(".away"))

    ready = api("GET", "/readyz")
    assert (ready.status_code, code(ready)) == (503, "UNAVAILABLE")
    assert int(ready.headers["retry-after"]) >= 1
    assert api("GET", "/healthz").status_code == 200

    away.rename(database_file)
    assert api("GET", "/readyz").status_code == 200


@pytest.mark.sqlite_only
def test_every_operation_is_503_while_the_store_is_gone(api: Api, database_file: Path) -> None:
    database_file.rename(database_file.with_suffix(".away"))

    read = api("GET", "/v1/api-keys")
    write = api("POST", "/v1/sites", json={"name": "Lab"})

    assert (read.status_code, code(read)) == (503, "UNAVAILABLE")
    assert (write.status_code, code(write)) == (503, "UNAVAILABLE")
