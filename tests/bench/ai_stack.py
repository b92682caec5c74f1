"""Our side of the AI benches: the gateway as it ships, in two processes on one port, with real stores.

PostgreSQL, Valkey, the migrations and the settings are those of `make up`. The other services are missing:
tokens are signed here, as auth signs them, and this process publishes the keys.
"""

import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import grpc
import httpx
import psutil
from google.api import httpbody_pb2

from ai_gateway_testing.tokens import Signer
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from bloom.auth.v1 import auth_service_pb2_grpc
from local_mesh import Mesh, plan, probes
from local_mesh.component import Component, Part, Probe, Step
from local_mesh.ports import LOOPBACK
from local_mesh.site import Site
from tests.bench.sides import MAX_TOKENS, QUESTION, Ask, Kind, Side

OURS = "ours, full path"
PROCESSES = ("ai-gateway-1", "ai-gateway-2")
MODEL = "claude-sonnet-5-5"
# Callers belong to so many organizations, as they do where a gateway is busy.
ORGANIZATIONS = 8
# As X-Ray keeps: one trace in twenty.
TRACED_EVERY = 20
_PERMISSIONS = ("ai.generate", "ai.usage.read")
_STORES = frozenset({"postgres-data", "postgres", "databases", "migrate-ai", "valkey-settings", "valkey"})
# What a run of minutes would else run into. Only limits; nothing that the path does is off.
_SETTINGS = {"ENVIRONMENT": "local", "LOG_LEVEL": "warning"}
_SERVICE = "/bloom.ai.v1.AiService/"


@dataclass(frozen=True)
class Stack:
    """A running gateway with its stores."""

    mesh: Mesh
    site: Site
    signer: Signer

    @property
    def port(self) -> int:
        """Of both processes."""
        return self.site.ports["ai-gateway"]

    def processes(self, *names: str) -> list[psutil.Process]:
        """The present processes of these components."""
        return [psutil.Process(self.mesh.info.pids[name]) for name in names]

    def caller(self, org: UUID) -> dict[str, str]:
        """Metadata of a user of that organization, whose call the contract service passes on."""
        return {
            "authorization": f"Bearer {self.signer.subject(org, *_PERMISSIONS)}",
            "x-bloom-workload": self.signer.workload("contracts"),
        }

    async def cold_start(self) -> float:
        """Seconds from the start of one process to its serving, with the stores up."""
        for name in PROCESSES:
            await self.mesh.stop(name)
        began = time.perf_counter()
        await self.mesh.start(PROCESSES[0])
        seconds = time.perf_counter() - began
        await self.mesh.start(PROCESSES[1])
        return seconds

    def side(self) -> Side:
        """As it is measured. Its tokens hold for ten minutes from now."""
        plain = ai_service_pb2.GenerateRequest(prompt=_prompt()).SerializeToString()
        stream = ai_service_pb2.StreamGenerateRequest(prompt=_prompt()).SerializeToString()
        return Side(
            name=OURS,
            port=self.port,
            asks={
                Kind.PLAIN: Ask(f"{_SERVICE}Generate", plain, "claude-"),
                Kind.STREAM: Ask(f"{_SERVICE}StreamGenerate", stream, "claude-"),
                Kind.KEPT: Ask(f"{_SERVICE}Generate", plain, "claude-"),
            },
            callers=[self.caller(uuid4()) for _ in range(ORGANIZATIONS)],
            wire="grpc",
            traced_every=TRACED_EVERY,
            processes=self.processes(*PROCESSES),
        )


def _prompt() -> ai_service_pb2.Prompt:
    content = [ai_pb2.ContentBlock(text=ai_pb2.TextBlock(text=QUESTION))]
    message = ai_pb2.Message(role=ai_pb2.Message.ROLE_USER, content=content)
    return ai_service_pb2.Prompt(task="bench.ask", model=MODEL, messages=[message], max_tokens=MAX_TOKENS)


class _Keys(auth_service_pb2_grpc.AuthServiceServicer):
    """All of auth that the gateway asks for."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def GetJwks(self, request, context):  # noqa: N802
        keys = await self._signer.fetch()
        return httpbody_pb2.HttpBody(
            content_type="application/json", data=json.dumps(keys.as_dict(private=False)).encode()
        )


@asynccontextmanager
async def serving(
    folder: Path, claude: Component, url: str, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Stack]:
    """The stack over `claude`, which listens at `url`; `settings` are the gateways' own."""
    signer, sites, server = Signer(), [], grpc.aio.server()
    auth_service_pb2_grpc.add_AuthServiceServicer_to_server(_Keys(signer), server)  # type: ignore[abstract]

    async def publish(site: Site) -> str:
        server.add_insecure_port(site.address("auth"))
        await server.start()
        return "published"

    def parts(site: Site) -> tuple[Part, ...]:
        sites.append(site)
        env = {"ANTHROPIC_API_KEY": "not-a-key", "CLAUDE_BASE_URL": url, **_SETTINGS, **(settings or {})}
        planned = {part.name: part for part in plan.parts(site)}
        stores = (planned[name] for name in planned if name in _STORES)
        keys = Step("keys", lambda: publish(site))
        return (*stores, claude, keys, *_gateways(site, planned["ai-gateway"], env))

    try:
        async with Mesh(folder, ports="random", quiet=True, parts=parts) as mesh:
            yield Stack(mesh, sites[-1], signer)
    finally:
        await server.stop(None)


def _gateways(site: Site, planned: Part, env: Mapping[str, str]) -> tuple[Component, ...]:
    """The second joins the first on its port."""
    assert isinstance(planned, Component)
    first, second = PROCESSES
    needs = ("migrate-ai", "valkey", "keys", "upstream")
    gateway = replace(planned, name=first, env={**planned.env, **env}, depends_on=needs)
    return gateway, replace(
        gateway, name=second, ready=_listen(site.ports["ai-gateway"], len(PROCESSES)), depends_on=(first,)
    )


def _listen(port: int, processes: int) -> Probe:
    """So many processes listen on the port: a question to it would be answered by any of them."""

    async def ask() -> bool:
        found = psutil.net_connections("tcp")
        listening = (item for item in found if item.status == psutil.CONN_LISTEN)
        ours = {item.pid for item in listening if item.laddr and item.laddr.port == port}
        return len(ours) == processes and await probes.serves_grpc(port)()

    return ask


def upstream(module: str, port: int) -> Component:
    """Whoever stands in for Claude: a module that serves on the port that is its argument."""
    command = (sys.executable, "-m", module, str(port))
    return Component("upstream", command, probes.accepts_tcp(port), env=_environment())


def _environment() -> dict[str, str]:
    return {**os.environ, "GRPC_ENABLE_FORK_SUPPORT": "0"}


async def asked(port: int) -> int:
    """How many questions the stub has had."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return int((await client.get(f"http://{LOOPBACK}:{port}/stats")).json()["asked"])
