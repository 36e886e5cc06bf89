"""A mock as a process of its own, begun anew for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mocks import Mock, mocking


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mocking(Path(tmp_path_factory.mktemp("mock"))) as mock:
        yield mock


@pytest.fixture
def mock(started: Mock) -> Mock:
    started.reset()
    return started
