"""One mesh for all tests that cross services."""

from collections.abc import Iterator

import pytest

from tests.support.client import WebClient
from tests.support.mesh import RunningMesh, Simulator


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMesh]:
    with RunningMesh(tmp_path_factory.mktemp("mesh")) as running:
        yield running


@pytest.fixture
def url(mesh: RunningMesh) -> str:
    return mesh.info.rest


@pytest.fixture
def owner(url: str) -> WebClient:
    """The owner of an organization of its own."""
    return WebClient.register(url)


@pytest.fixture
def simulator(mesh: RunningMesh) -> Iterator[Simulator]:
    control = Simulator(mesh.info.simulator)
    control.forget()
    yield control
    control.forget()
