"""Gateways as processes of their own, as they are deployed; and the servers that a test kills or stops."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import grpc
import redis.asyncio
from google.api import httpbody_pb2

from ai_gateway_testing.backends import free_port
from ai_gateway_testing.gateway import Client
from ai_gateway_testing.tokens import Signer
from bloom.ai.v1 import ai_service_pb2_grpc
from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from local_mesh import valkey

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_PASSWORD = "of-one-test"  # noqa: S105 of a server that lives as long as a test


@dataclass(slots=True)
class GatewayProcess:
    """A running gateway, and a channel to it."""

    process: asyncio.subprocess.Process
    channel: grpc.aio.Channel
    signer: Signer

    def client(self, org: UUID) -> Client:
        """A client of this organization at this process."""
        stub: ai_service_pb2_grpc.AiServiceAsyncStub = ai_service_pb2_grpc.AiServiceStub(self.channel)
        return Client(stub, self.signer, org)

    async def kill(self) -> None:
        """`kill -9`; returns when the process is gone."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """SIGTERM: it drains, and writes what it has to write."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.process.wait()
        finally:
            await self.kill()


@dataclass(frozen=True, slots=True)
class Gateways:
    """Starts gateways with the same settings, whose tokens `signer` signs."""

    signer: Signer
    settings: Mapping[str, str]
    log: Path
    _stack: AsyncExitStack

    async def start(self, **overrides: str) -> GatewayProcess:
        """One that serves. Raises RuntimeError when it ends instead; why is in the log."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ai_gateway", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **self.settings, **overrides},
        )  # fmt: skip
        port = asyncio.get_running_loop().create_future()
        if (lines := process.stdout) is None:
            raise RuntimeError("it was started with a pipe")
        reading = asyncio.create_task(self._read(lines, port))
        self._stack.push_async_callback(_ended, reading)
        try:
            async with asyncio.timeout(_START_SECONDS):
                channel = grpc.aio.insecure_channel(f"127.0.0.1:{await port}")
        except BaseException:
            process.kill()
            raise
        gateway = GatewayProcess(process, channel, self.signer)
        # Not before: calls that a kill cuts off are to fail as they do with callers of another process.
        self._stack.push_async_callback(channel.close)
        self._stack.push_async_callback(gateway.kill)
        return gateway

    async def _read(self, lines: asyncio.StreamReader, port: "asyncio.Future[int]") -> None:
        """They go to the log; one of them tells the port that the gateway was given."""
        with self.log.open("ab", buffering=0) as log:
            async for line in lines:
                log.write(line)
                if not port.done() and b"ai-gateway ready" in line:
                    port.set_result(int(json.loads(line)["port"]))
        if not port.done():
            port.set_exception(RuntimeError(f"the gateway ended: {self.log.read_text()[-2000:]}"))


async def _ended(reading: "asyncio.Task[None]") -> None:
    """Of a process that is gone: its pipe is closed."""
    with suppress(RuntimeError):
        await reading


class _Keys(auth_service_pb2_grpc.AuthServiceServicer):
    """All of auth that a gateway asks for."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def GetJwks(  # noqa: N802 the schema's name
        self, request: auth_service_pb2.GetJwksRequest, context: object
    ) -> httpbody_pb2.HttpBody:
        keys = await self._signer.fetch()
        return httpbody_pb2.HttpBody(
            content_type="application/json", data=json.dumps(keys.as_dict(private=False)).encode()
        )


@asynccontextmanager
async def gateways(log: Path, **settings: str) -> AsyncIterator[Gateways]:
    """Those that were started in the block are killed at its end."""
    signer, server = Signer(), grpc.aio.server()
    auth_service_pb2_grpc.add_AuthServiceServicer_to_server(_Keys(signer), server)  # type: ignore[abstract]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    common = {
        "ENVIRONMENT": "local", "LISTEN_ADDRESS": "127.0.0.1:0", "AUTH_ADDRESS": f"127.0.0.1:{port}",
        "ANTHROPIC_API_KEY": "not-a-key", "DRAIN_SECONDS": "2", "GRPC_ENABLE_FORK_SUPPORT": "0",
    }  # fmt: skip
    try:
        async with AsyncExitStack() as stack:
            yield Gateways(signer, common | settings, log, stack)
    finally:
        await server.stop(None)


class ValkeyServer:
    """A Valkey of a test's own, to be killed, stopped and started again. `folder` holds its settings."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._configuration = folder / "valkey.conf"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """The same after every start."""
        return valkey.url(self._port, _PASSWORD)

    async def start(self) -> None:
        """Serving, and empty."""
        await valkey.configure(self._configuration, self._port, _PASSWORD)
        self._process = await asyncio.create_subprocess_exec(
            *valkey.command(self._configuration), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(_START_SECONDS), redis.asyncio.Redis.from_url(self.url) as client:
            while True:
                with suppress(redis.RedisError):
                    await client.ping()
                    return
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """`kill -9`. Nothing that it held is there again."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def pause(self) -> None:
        """It takes connections and requests, and answers none."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it was."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


@asynccontextmanager
async def valkey_server(folder: Path) -> AsyncIterator[ValkeyServer]:
    """A running one, killed at the end of the block."""
    server = ValkeyServer(folder)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
