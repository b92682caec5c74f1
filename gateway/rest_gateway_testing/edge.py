"""A whole edge for the tests: Envoy, the check of JSON, and fakes of the services, on ports of their own."""

import asyncio
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import grpc
import httpx
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from joserfc import jwt
from joserfc.jwk import ECKey

from rest_gateway.api import load_api
from rest_gateway.envoy import command
from rest_gateway.render import render
from rest_gateway.settings import GatewaySettings
from rest_gateway.strict_json import strict_json_server
from rest_gateway_testing.fakes import (
    FakeAi,
    FakeAuth,
    FakeContracts,
    FakeDirectory,
    FakeOperations,
    server_of,
)

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def local(port: int) -> str:
    return f"127.0.0.1:{port}"


class Loop:
    """An event loop in a thread of its own, for servers that outlive single tests."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@dataclass
class Backends:
    """The fakes, and the key that signs tokens they believe."""

    loop: Loop
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"}))
    ports: dict[str, int] = field(
        default_factory=lambda: {
            name: free_port() for name in ("auth", "contracts", "ai_gateway", "strict_json")
        }
    )

    def __post_init__(self) -> None:
        self.servers = {name: self.loop.run(self._start(name)) for name in self.ports}

    async def _start(self, name: str) -> grpc.aio.Server:
        server = self._server(name, local(self.ports[name]))
        await server.start()
        return server

    def _server(self, name: str, address: str) -> grpc.aio.Server:
        if name == "strict_json":
            return strict_json_server(load_api(), address)
        if name == "auth":
            return server_of(address, FakeAuth([self.key]), FakeDirectory())
        if name == "contracts":
            self.contracts = FakeContracts()
            return server_of(address, self.contracts, FakeOperations())
        return server_of(address, FakeAi())

    def stop(self, name: str) -> None:
        self.loop.run(self.servers[name].stop(grace=0))

    def start(self, name: str) -> None:
        self.servers[name] = self.loop.run(self._start(name))

    def token(self, key: ECKey | None = None, **claims: object) -> str:
        now = int(time.time())
        base = {"iss": "bloom-auth", "aud": "bloom", "sub": "users/1", "iat": now, "exp": now + 300}
        signer = key or self.key
        return jwt.encode({"alg": "ES256", "kid": signer.kid}, base | claims, signer)


@dataclass
class Edge:
    """A running Envoy."""

    settings: GatewaySettings
    backends: Backends
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=15)

    def bearer(self) -> httpx.Client:
        """A client with a good token."""
        return self.client(authorization=f"Bearer {self.backends.token()}")

    def log(self) -> list[dict[str, object]]:
        lines = (self.folder / "access.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def accepts_tokens(edge: Edge) -> bool:
    try:
        with edge.bearer() as client:
            return client.get("/v1/me").status_code == 200
    except httpx.TransportError:
        return False


def lives(edge: Edge) -> bool:
    try:
        with edge.client() as client:
            return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def running_edge(
    backends: Backends, folder: Path, ready: Callable[[Edge], bool] = accepts_tokens, **changes: object
) -> Iterator[Edge]:
    """Envoy over those fakes, ready for tokens; its access log is in the folder."""
    addresses = {f"{name}_address": local(port) for name, port in backends.ports.items()}
    ports = {"port": free_port(), "admin_port": free_port()}
    fixed = {"listen_host": "127.0.0.1", "log_level": "warning"}
    settings = GatewaySettings.model_validate({**fixed, **addresses, **ports, **changes})
    render(folder, settings)
    with (folder / "access.log").open("wb") as out, (folder / "envoy.log").open("wb") as errors:
        process = subprocess.Popen(command(folder, settings), stdout=out, stderr=errors)
        edge = Edge(settings, backends, folder)
        try:
            wait_for(lambda: process.poll() is None and ready(edge))
            yield edge
        finally:
            process.terminate()
            process.wait(10)


def wait_for(condition: Callable[[], bool], timeout: float = 15) -> None:
    """Until the condition holds; an assertion when it does not in time."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.02)


def reason_of(answer: httpx.Response) -> str:
    """The reason of a refusal, which must be a whole google.rpc.Status in JSON."""
    status = answer.json()
    if answer.headers["content-type"] != "application/json" or set(status) != {"code", "message", "details"}:
        raise AssertionError(answer.text)
    info = next(detail for detail in status["details"] if detail["@type"].endswith("google.rpc.ErrorInfo"))
    if info["domain"] != "bloom" or not status["message"]:
        raise AssertionError(answer.text)
    return str(info["reason"])


def grpc_reason(error: grpc.RpcError) -> str:
    """The reason in the rich status of a gRPC refusal."""
    trailers = error.trailing_metadata() or ()
    details = next(item.value for item in trailers if item.key == "grpc-status-details-bin")
    info = ErrorInfo()
    Status.FromString(bytes(details)).details[0].Unpack(info)
    return str(info.reason)
