"""The world that all tests of security look at, and their order."""

import pytest

from tests.security.world import World
from tests.support.mesh import RunningMesh


@pytest.fixture(scope="session")
def world(mesh: RunningMesh) -> World:
    return World(mesh)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What was written down is looked at when all others have had their chance to write."""
    items.sort(key=lambda item: item.path.name == "test_secrets.py")
