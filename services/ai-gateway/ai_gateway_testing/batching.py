"""A gateway whose batches move fast, and runners that a test starts and stops itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import asyncpg
import grpc

from ai_gateway.app import opened
from ai_gateway.batches.times import Times
from ai_gateway.batches.tools import Tools
from ai_gateway.batches.wire import BatchWire
from ai_gateway.claude.client import open_client
from ai_gateway.claude.upstream import Upstream
from ai_gateway.flights.board import Alone
from ai_gateway.money.prices import published
from ai_gateway.settings import AiGatewaySettings
from ai_gateway_testing.gateway import Client, Gateway
from ai_gateway_testing.tokens import Signer
from bloom.ai.v1 import ai_service_pb2, ai_service_pb2_grpc, batch_service_pb2, batch_service_pb2_grpc
from claude_simulator.control_client import SimulatorControl
from service_runtime.postgres import Postgres
from service_runtime.server import running

FAST = Times(look=0.02, first_poll=0.03, longest_poll=0.05, lease=5.0, doubt=0.3, at_once=2)
# For tests that have runners of their own.
NO_RUNNER = Times(look=0.02, at_once=0)
_PATIENCE_SECONDS = 15.0
Batch = batch_service_pb2.Batch
Start = Callable[..., AbstractAsyncContextManager["Bulk"]]


@dataclass(frozen=True, slots=True)
class Bulk:
    """Batches of one client."""

    gateway: Gateway
    client: Client
    settings: AiGatewaySettings
    stub: "batch_service_pb2_grpc.BatchServiceAsyncStub"

    @property
    def claude(self) -> SimulatorControl:
        """A hand on the simulator."""
        return self.gateway.claude

    def of(self, client: Client) -> "Bulk":
        """The same for another client."""
        return Bulk(self.gateway, client, self.settings, self.stub)

    async def create(
        self, many: Mapping[str, ai_service_pb2.Prompt] | None = None, **prompts: ai_service_pb2.Prompt
    ) -> Batch:
        """CreateBatch, with the prompts under their custom ids."""
        asked = {**(many or {}), **prompts}
        items = [batch_service_pb2.BatchItem(custom_id=name, prompt=one) for name, one in asked.items()]
        request = batch_service_pb2.CreateBatchRequest(items=items)
        return await self.stub.CreateBatch(request, metadata=self.client.metadata, timeout=20)

    async def get(self, name: str) -> Batch:
        """GetBatch."""
        request = batch_service_pb2.GetBatchRequest(name=name)
        return await self.stub.GetBatch(request, metadata=self.client.metadata, timeout=10)

    async def cancel(self, name: str) -> Batch:
        """CancelBatch."""
        request = batch_service_pb2.CancelBatchRequest(name=name)
        return await self.stub.CancelBatch(request, metadata=self.client.metadata, timeout=10)

    async def page(self, size: int, token: str = "") -> batch_service_pb2.ListBatchesResponse:
        """ListBatches."""
        request = batch_service_pb2.ListBatchesRequest(page_size=size, page_token=token)
        return await self.stub.ListBatches(request, metadata=self.client.metadata, timeout=10)

    async def results(self, name: str, after: int = 0) -> list[batch_service_pb2.BatchResult]:
        """StreamBatchResults, to its end."""
        request = batch_service_pb2.StreamBatchResultsRequest(name=name, after=after)
        stream = self.stub.StreamBatchResults(request, metadata=self.client.metadata, timeout=10)
        return [result async for result in stream]

    async def by_id(self, name: str) -> dict[str, batch_service_pb2.BatchResult]:
        """The results by their custom ids, of which each may come once."""
        results = await self.results(name)
        named = {result.custom_id: result for result in results}
        if len(named) != len(results):
            raise AssertionError("an item has two results")
        return named

    async def ended(self, name: str) -> Batch:
        """The batch, when it has ended."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (batch := await self.get(name)).state != Batch.STATE_ENDED:  # noqa: ASYNC110 it is asked for
                await asyncio.sleep(0.02)
        return batch

    async def upstream(self, at_least: int = 0) -> list[dict[str, object]]:
        """Claude's batches, when there are so many."""
        return await self.claude.batches(at_least=at_least, wait_ms=5000)

    async def usage_rows(self) -> list[asyncpg.Record]:
        """The client's rows in the ledger."""
        return await self.gateway.rows("SELECT * FROM usage_events WHERE org_id = $1", self.client.org)

    async def egress(self) -> list[asyncpg.Record]:
        """The client's egress records."""
        return await self.gateway.rows(
            "SELECT * FROM egress_records WHERE org_id = $1 ORDER BY at", self.client.org
        )

    async def age(self, name: str, by: str) -> None:
        """As if it had been created so much earlier."""
        await self.gateway.rows(
            "UPDATE batches SET created_at = created_at - $2::text::interval, due_at = now() WHERE id = $1",
            name.removeprefix("batches/"), by,
        )  # fmt: skip

    def settings_text(self) -> str:
        """For a process of its own; with the secrets of this test."""
        settings = self.settings
        return json.dumps(
            {
                "listen_address": "127.0.0.1:0",
                "database_url": settings.database_url.unicode_string(),
                "anthropic_api_key": settings.anthropic_api_key.get_secret_value(),
                "claude_base_url": settings.claude_base_url,
                "use_redis": False,
            }
        )

    def runner_tools(self, times: Times = FAST) -> AbstractAsyncContextManager[Tools]:
        """For a runner beside the gateway's own."""
        return tools(self.settings, times)


@asynccontextmanager
async def serving(
    settings: AiGatewaySettings, claude: SimulatorControl, super_dsn: str, times: Times = FAST
) -> AsyncIterator[Bulk]:
    """The whole gateway; batches that earlier tests have left are not its own."""
    await forget(super_dsn)
    signer = Signer()
    async with (
        opened(settings, signer, times) as parts,
        running(settings, parts) as live,
        grpc.aio.insecure_channel(f"127.0.0.1:{live.port}") as channel,
    ):
        client = Client(ai_service_pb2_grpc.AiServiceStub(channel), signer)
        stub: batch_service_pb2_grpc.BatchServiceAsyncStub = batch_service_pb2_grpc.BatchServiceStub(channel)
        yield Bulk(Gateway(client, claude, super_dsn), client, settings, stub)


async def forget(super_dsn: str) -> None:
    """No batch is there."""
    connection = await asyncpg.connect(super_dsn)
    try:
        await connection.execute("TRUNCATE batches, batch_parts, batch_items")
    finally:
        await connection.close()


@asynccontextmanager
async def tools(settings: AiGatewaySettings, times: Times) -> AsyncIterator[Tools]:
    """For a runner beside the gateway's, with a pool of its own and no answer cache."""
    postgres = await Postgres.connect(settings.database_url.unicode_string(), size=4)
    place = settings.place
    try:
        async with open_client(place, settings.anthropic_api_key, 10) as client:
            upstream = Upstream(client, simulator=True)
            wire = BatchWire(upstream, place, 5)
            yield Tools(postgres, wire, Alone(), published(), place.url, upstream.api_version, times)
    finally:
        await postgres.close()
