"""How each kind of component is asked whether it serves. Each probe asks once."""

from __future__ import annotations

import asyncio

import asyncpg
import grpc
import httpx
from grpc_health.v1 import health_pb2

from local_mesh.component import Probe
from local_mesh.ports import LOOPBACK


def accepts_tcp(port: int) -> Probe:
    """A server listens."""

    async def ask() -> bool:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.close()
        return True

    return ask


def answers_http(url: str) -> Probe:
    """GET answers 200."""

    async def ask() -> bool:
        # trust_env: a proxy of the machine has no business on the loopback interface.
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            try:
                return (await client.get(url)).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

    return ask


def serves_grpc(port: int) -> Probe:
    """`grpc.health.v1` says SERVING for the server as a whole."""

    async def ask() -> bool:
        if not await accepts_quietly(port):
            return False
        async with grpc.aio.insecure_channel(f"{LOOPBACK}:{port}") as channel:
            check = channel.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                response_deserializer=health_pb2.HealthCheckResponse.FromString,
            )
            try:
                answer = await check(health_pb2.HealthCheckRequest(), timeout=2)
            except grpc.aio.AioRpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    return ask


async def accepts_quietly(port: int) -> bool:
    """Cheaper than a gRPC channel, whose own reconnect waits a second after a refusal."""
    try:
        return await accepts_tcp(port)()
    except OSError:
        return False


def answers_sql(dsn: str) -> Probe:
    """PostgreSQL takes connections, so any recovery is over."""

    async def ask() -> bool:
        try:
            connection = await asyncpg.connect(dsn, timeout=2)
        except (asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    return ask


def answers_ping(port: int, password: str) -> Probe:
    """Valkey takes the password and answers PING."""

    async def ask() -> bool:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            writer.write(f"AUTH {password}\r\nPING\r\n".encode())
            return await reader.readline() == b"+OK\r\n" and await reader.readline() == b"+PONG\r\n"
        finally:
            writer.close()

    return ask
