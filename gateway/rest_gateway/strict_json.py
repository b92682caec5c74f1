"""Checks JSON bodies for Envoy, which drops unknown fields in silence: `python -m rest_gateway.strict_json`.

Envoy asks over its external processing protocol, only for routes whose body is JSON, and says by metadata
which RPC the body is for. Nothing passes that was not checked: without this process such requests end
with 503.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import TypeAlias

import grpc
import uvloop
from grpc_health.v1 import health, health_pb2_grpc

from rest_gateway.api import Api, load_api
from rest_gateway.json_shape import check_shape
from rest_gateway.json_text import parse
from rest_gateway.names import REFUSED_JSON, RPC_METADATA
from rest_gateway.refusal import JsonRefusedError
from rest_gateway.settings import StrictJsonSettings
from rest_gateway.wire.ext_proc_pb2 import (
    BodyResponse,
    HttpStatus,
    ImmediateResponse,
    ProcessingRequest,
    ProcessingResponse,
)
from service_runtime.settings import load

SERVICE = "envoy.service.ext_proc.v3.ExternalProcessor"
_PASS = ProcessingResponse(request_body=BodyResponse())

Context: TypeAlias = "grpc.aio.ServicerContext[ProcessingRequest, ProcessingResponse]"


class BodyCheck:
    """The one method of the protocol: a body comes in, a verdict goes out."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def process(
        self, requests: AsyncIterator[ProcessingRequest], context: Context
    ) -> AsyncIterator[ProcessingResponse]:
        """Answers each body; ends with INVALID_ARGUMENT, and so with a refusal, for an unknown RPC."""
        rpc_path = dict(context.invocation_metadata() or ()).get(RPC_METADATA, "")
        async for request in requests:
            try:
                self.check(str(rpc_path), request.request_body.body)
                yield _PASS
            except JsonRefusedError as refused:
                yield _refusal(refused)
            except KeyError:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such method")

    def check(self, rpc_path: str, body: bytes) -> None:
        """Raises JsonRefusedError for a body that the method cannot have meant, KeyError without a method."""
        message = self._api.method(rpc_path).body_message
        if message is None:
            raise KeyError(rpc_path)
        if body.strip():
            check_shape(parse(body), message)


def _refusal(refused: JsonRefusedError) -> ProcessingResponse:
    answer = ImmediateResponse(
        status=HttpStatus(code=400),
        body=refused.status_json(),
        details=f"{REFUSED_JSON}_{refused.reason.lower()}",
    )
    return ProcessingResponse(immediate_response=answer)


def strict_json_server(api: Api, address: str) -> grpc.aio.Server:
    """A server of the check with its health service, bound to `address` and not yet started."""
    server = grpc.aio.server()
    process = grpc.stream_stream_rpc_method_handler(
        BodyCheck(api).process,
        request_deserializer=ProcessingRequest.FromString,
        response_serializer=ProcessingResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Process": process}),))
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    server.add_insecure_port(address)
    return server


async def serve(settings: StrictJsonSettings) -> None:
    """Runs until SIGTERM or SIGINT, then lets running checks end."""
    server = strict_json_server(load_api(), settings.strict_json_address)
    await server.start()
    stopped = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    await stopped.wait()
    await server.stop(grace=settings.drain_seconds)


def main() -> None:
    """Reads the settings, or says what is wrong with them, and serves."""
    uvloop.run(serve(load(StrictJsonSettings)))


if __name__ == "__main__":
    main()
