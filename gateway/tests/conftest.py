"""One edge for all tests that need nothing special: Envoy, the check of JSON, fakes of the services."""

from collections.abc import Iterator

import httpx
import pytest

from rest_gateway_testing.edge import Backends, Edge, Loop, running_edge


@pytest.fixture(scope="session")
def backends() -> Iterator[Backends]:
    loop = Loop()
    started = Backends(loop)
    yield started
    for name in started.servers:
        started.stop(name)
    loop.close()


@pytest.fixture(scope="session")
def edge(backends: Backends, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    with running_edge(backends, folder, cors_origin="https://app.example, https://two.example") as started:
        yield started


@pytest.fixture
def anyone(edge: Edge) -> Iterator[httpx.Client]:
    with edge.client() as client:
        yield client


@pytest.fixture
def someone(edge: Edge) -> Iterator[httpx.Client]:
    with edge.bearer() as client:
        yield client
