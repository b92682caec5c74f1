"""One PostgreSQL and one Valkey for the run; for each test its own simulator, gateway and organization."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import aiohttp
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ai_gateway.batches.times import Times
from ai_gateway.settings import AiGatewaySettings
from ai_gateway_testing import batching
from ai_gateway_testing.backends import Database
from ai_gateway_testing.batching import Bulk
from ai_gateway_testing.gateway import Gateway, serving
from claude_simulator import server as simulator
from claude_simulator.control_client import SimulatorControl
from claude_simulator.simulation import Simulation
from local_mesh.credentials import Credentials
from local_mesh.postgres import SUPERUSER, Cluster

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
StartBulk = Callable[..., AbstractAsyncContextManager[Bulk]]
SettingsOf = Callable[..., AiGatewaySettings]


class Databases(Protocol):
    """The run's one cluster, from the repository's own conftest."""

    cluster: Cluster
    credentials: Credentials

    def app(self, database: str) -> str: ...


@pytest.fixture(scope="session")
def database(databases: Databases) -> Database:
    superuser = databases.cluster.dsn(SUPERUSER, databases.credentials.postgres, "ai")
    return Database(databases.app("ai"), superuser)


@pytest.fixture
async def claude() -> AsyncIterator[SimulatorControl]:
    """A fresh simulator, and a hand on it."""
    async with simulator.serving(Simulation()) as url, aiohttp.ClientSession() as http:
        yield SimulatorControl(url, http)


@pytest.fixture
def settings_of(database: Database, valkey_url: str, claude: SimulatorControl) -> SettingsOf:
    """The settings of a gateway, with what the test has of its own."""

    def settings(**overrides: object) -> AiGatewaySettings:
        given: dict[str, object] = {
            "listen_address": "127.0.0.1:0",
            "database_url": database.app,
            "database_pool_size": 4,
            "anthropic_api_key": "not-a-key",
            "claude_base_url": claude.url,
            "redis_url": valkey_url,
            "drain_seconds": 1,
        }
        return AiGatewaySettings.model_validate(given | overrides)

    return settings


@pytest.fixture
def start_gateway(settings_of: SettingsOf, database: Database, claude: SimulatorControl) -> StartGateway:
    """Starts a gateway with settings of the test's own."""

    def start(**overrides: object) -> AbstractAsyncContextManager[Gateway]:
        return serving(settings_of(**overrides), claude, database.super)

    return start


@pytest.fixture
def start_bulk(settings_of: SettingsOf, database: Database, claude: SimulatorControl) -> StartBulk:
    """Starts a gateway whose batches move at the test's own times."""

    def start(times: Times = batching.FAST, **overrides: object) -> AbstractAsyncContextManager[Bulk]:
        return batching.serving(settings_of(**overrides), claude, database.super, times)

    return start


@pytest.fixture
async def bulk(start_bulk: StartBulk) -> AsyncIterator[Bulk]:
    async with start_bulk() as started:
        yield started


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> AsyncIterator[Gateway]:
    async with start_gateway() as started:
        yield started


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    """Spans can be sent to one place only, once a process."""
    exporter, provider = InMemorySpanExporter(), trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Callable[[], tuple[ReadableSpan, ...]]:
    """The finished spans since the test began."""
    exporter.clear()
    return exporter.get_finished_spans
