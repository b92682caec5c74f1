"""A gRPC server with the request path, health, reflection, and a drain on SIGTERM."""

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import grpc
import uvloop
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import OVERALL_HEALTH
from grpc_health.v1.health import aio as health_aio
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection

from service_runtime import request_path, telemetry
from service_runtime.errors import DomainError
from service_runtime.identity import TokenVerifier
from service_runtime.policy import OPEN_SERVICES, methods_of
from service_runtime.settings import ServiceSettings

_log = logging.getLogger("bloom.server")
_MAX_MESSAGE_BYTES = 32 * 1024 * 1024
_OBJECTS_BETWEEN_COLLECTIONS = 20_000


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service adds to the server: the services it implements, and who verifies its callers."""

    services: Sequence[str]
    register: Callable[[grpc.aio.Server], None]
    verifier: TokenVerifier
    # Streams may outlive the usual maximum; None means that the settings' value holds.
    max_call_seconds: float | None = None
    # Set by a service that cannot go on; the process then ends with an error, to be started anew.
    ended: asyncio.Event | None = None


Build = Callable[[], AbstractAsyncContextManager[Parts]]


@dataclass(slots=True)
class Running:
    """A server that answers. `port` is the real one when the address asked for port 0."""

    server: grpc.aio.Server
    port: int
    health: health_aio.HealthServicer


@asynccontextmanager
async def running(settings: ServiceSettings, parts: Parts) -> AsyncIterator[Running]:
    """Serves inside the block; leaves by telling NOT_SERVING, then draining. Tests use it as it is."""
    methods = [method for service in parts.services for method in methods_of(service)]
    path = request_path.RequestPath(
        methods,
        [
            request_path.errors,
            request_path.telemetry,
            request_path.deadline(parts.max_call_seconds or settings.max_call_seconds),
            request_path.Admission(settings.max_concurrent_calls),
            request_path.identity_stage(parts.verifier),
            request_path.access,
        ],
    )
    server = grpc.aio.server(
        interceptors=[path],
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.so_reuseport", 1),
        ],
    )
    parts.register(server)
    health = health_aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    reflection.enable_server_reflection([*parts.services, *OPEN_SERVICES], server)
    port = server.add_insecure_port(settings.listen_address)
    await server.start()
    for name in (OVERALL_HEALTH, *parts.services):
        await health.set(name, HealthCheckResponse.SERVING)
    try:
        yield Running(server, port, health)
    finally:
        await health.enter_graceful_shutdown()
        await server.stop(settings.drain_seconds)


def serve(name: str, settings: ServiceSettings, build: Build) -> None:
    """Runs a service until SIGTERM or SIGINT. `build` opens what it needs and closes it at the end."""
    provider = telemetry.set_up(
        name,
        otlp_endpoint=settings.otel_exporter_otlp_endpoint,
        log_level=settings.log_level,
        environment=settings.environment,
    )
    try:
        uvloop.run(_serve(name, settings, build))
    except DomainError as refused:
        sys.exit(f"{name} cannot start: {refused.message}")
    finally:
        provider.shutdown()


async def _serve(name: str, settings: ServiceSettings, build: Build) -> None:
    started, stop = time.perf_counter(), stop_signal()
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(build())
        live = await stack.enter_async_context(running(settings, parts))
        _collect_less()
        _log.info(
            "%s ready", name, extra={"port": live.port, "seconds": round(time.perf_counter() - started, 2)}
        )
        ended = parts.ended or asyncio.Event()
        waits = {asyncio.create_task(stop.wait()), asyncio.create_task(ended.wait())}
        _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        _log.info("%s drains", name)
    if not stop.is_set():
        sys.exit(f"{name} cannot go on; see its log.")


def _collect_less() -> None:
    """What was loaded at the start stays: collections need not walk through it, and need not be so many.

    A call makes some hundreds of objects and leaves hardly any, and the heap of a service is several hundred
    thousand: as Python comes, that walk was a tenth of a busy service's time and its longest pauses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked() -> None:
        for again in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(again)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    return stop
