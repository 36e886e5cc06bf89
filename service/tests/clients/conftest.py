"""A mock for generated clients to talk to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mocks import Mock, mocking


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mocking(Path(tmp_path_factory.mktemp("mock"))) as mock:
        yield mock
