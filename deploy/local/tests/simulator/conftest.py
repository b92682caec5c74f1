"""A simulator on a free port for each test, the real SDK pointed at it, and a hand on its control plane."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from anthropic import AsyncAnthropic, DefaultAioHttpClient

from claude_simulator.control_client import SimulatorControl
from claude_simulator.server import serving
from claude_simulator.simulation import Simulation
from claude_simulator.testing import FakeTime


@pytest.fixture
def time() -> FakeTime:
    """The simulator's clock."""
    return FakeTime()


@pytest.fixture
async def url(time: FakeTime) -> AsyncIterator[str]:
    """The base URL of a fresh simulator."""
    async with serving(Simulation(clock=time.clock, now=time.now)) as base:
        yield base


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A bare HTTP client, for what the SDK would not send."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def control(url: str, http: aiohttp.ClientSession) -> SimulatorControl:
    """The control plane."""
    return SimulatorControl(url, http)


@pytest.fixture
async def claude(url: str) -> AsyncIterator[AsyncAnthropic]:
    """The real SDK on its aiohttp transport, without retries."""
    transport = DefaultAioHttpClient()
    async with AsyncAnthropic(
        base_url=url, api_key="sk-not-a-secret", http_client=transport, max_retries=0
    ) as sdk:
        yield sdk
