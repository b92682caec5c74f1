"""A gateway over its real server, and an organization that calls it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar
from uuid import UUID, uuid4

import asyncpg
import grpc

from ai_gateway.app import opened
from ai_gateway.settings import AiGatewaySettings
from ai_gateway_testing.tokens import Signer
from bloom.ai.v1 import ai_pb2, ai_service_pb2, ai_service_pb2_grpc
from claude_simulator.control_client import SimulatorControl
from service_runtime.clients import domain_error
from service_runtime.errors import DomainError
from service_runtime.server import running

_T = TypeVar("_T")
TASK = "tests.ask"
StreamCall: TypeAlias = (
    "grpc.aio.UnaryStreamCall[ai_service_pb2.StreamGenerateRequest, ai_service_pb2.StreamGenerateResponse]"
)


@dataclass(frozen=True, slots=True)
class Client:
    """Calls for one organization, as a user whose service passes the question on."""

    # A type that exists in the stubs alone.
    stub: "ai_service_pb2_grpc.AiServiceAsyncStub"
    signer: Signer
    org: UUID = field(default_factory=uuid4)
    permissions: tuple[str, ...] = ("ai.generate", "ai.usage.read")
    workload: str = "contracts"

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Both tokens."""
        workload = (("x-bloom-workload", self.signer.workload(self.workload)),) if self.workload else ()
        return (("authorization", f"Bearer {self.signer.subject(self.org, *self.permissions)}"), *workload)

    async def ask(
        self, prompt: ai_service_pb2.Prompt, *, request_id: str = "", seconds: float = 20
    ) -> ai_service_pb2.GenerateResponse:
        """Generate."""
        request = ai_service_pb2.GenerateRequest(prompt=prompt, request_id=request_id)
        return await self.stub.Generate(request, metadata=self.metadata, timeout=seconds)

    def open_stream(self, prompt: ai_service_pb2.Prompt, *, seconds: float = 20) -> "StreamCall":
        """StreamGenerate, to be read by the test."""
        request = ai_service_pb2.StreamGenerateRequest(prompt=prompt)
        return self.stub.StreamGenerate(request, metadata=self.metadata, timeout=seconds)

    async def stream(
        self, prompt: ai_service_pb2.Prompt, *, seconds: float = 20
    ) -> tuple[list[str], ai_service_pb2.Completion | None]:
        """StreamGenerate, read to its end: its deltas and its completion."""
        deltas: list[str] = []
        completion = None
        async for event in self.open_stream(prompt, seconds=seconds):
            if event.HasField("completion"):
                completion = event.completion
            else:
                deltas.append(event.text_delta)
        return deltas, completion

    async def usage(
        self, request: ai_service_pb2.GetUsageRequest | None = None
    ) -> ai_service_pb2.GetUsageResponse:
        """GetUsage."""
        return await self.stub.GetUsage(
            request or ai_service_pb2.GetUsageRequest(), metadata=self.metadata, timeout=10
        )


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway, the simulator behind it, and a client."""

    client: Client
    claude: SimulatorControl
    super_dsn: str
    # `host:port`, for who opens a channel of its own.
    address: str = ""

    def other_organization(self) -> Client:
        """A client of another organization."""
        return Client(self.client.stub, self.client.signer)

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Reads as the superuser, whom no row-level security hides anything from."""
        connection = await asyncpg.connect(self.super_dsn)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    async def egress(self) -> list[asyncpg.Record]:
        """The client's egress records, oldest first."""
        return await self.rows("SELECT * FROM egress_records WHERE org_id = $1 ORDER BY at", self.client.org)

    async def settled(self) -> list[asyncpg.Record]:
        """The records, when each has its end: tasks write it that no failed or cancelled call waits for."""
        async with asyncio.timeout(5):
            while not all(row["outcome"] for row in await self.egress()):  # noqa: ASYNC110 it is a row
                await asyncio.sleep(0.01)
        return await self.egress()


@asynccontextmanager
async def serving(
    settings: AiGatewaySettings, claude: SimulatorControl, super_dsn: str
) -> AsyncIterator[Gateway]:
    """The whole gateway in this process, over its real gRPC server."""
    signer = Signer()
    async with (
        opened(settings, signer) as parts,
        running(settings, parts) as live,
        grpc.aio.insecure_channel(address := f"127.0.0.1:{live.port}") as channel,
    ):
        stub: ai_service_pb2_grpc.AiServiceAsyncStub = ai_service_pb2_grpc.AiServiceStub(channel)
        yield Gateway(Client(stub, signer), claude, super_dsn, address)


async def refusal(call: Awaitable[_T]) -> DomainError:
    """The error that a call ends with. Raises AssertionError when it does not fail."""
    try:
        await call
    except grpc.aio.AioRpcError as failed:
        return domain_error(failed, "ai-gateway")
    raise AssertionError("the call did not fail")


def prompt(
    *texts: str, schema: str = "", system: tuple[str, ...] = (), document: str = "", **fields: object
) -> ai_service_pb2.Prompt:
    """A user's turn with these texts, and the document after them."""
    content = [ai_pb2.ContentBlock(text=ai_pb2.TextBlock(text=text)) for text in texts]
    if document:
        content.append(ai_pb2.ContentBlock(document=ai_pb2.DocumentBlock(title="Agreement", text=document)))
    message = ai_pb2.Message(role=ai_pb2.Message.ROLE_USER, content=content)
    asked = ai_service_pb2.Prompt(task=TASK, system=system, messages=[message], output_schema=schema)
    for name, value in fields.items():
        setattr(asked, name, value)
    return asked
