"""The mesh as one object: for the commands, and for tests that break it on purpose."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import grpc
from rich.console import Console

from local_mesh import bootstrap, environment, gateway, plan, valkey
from local_mesh.collector import start_collector
from local_mesh.component import Part
from local_mesh.credentials import DATABASES, DEMO_EMAIL, load_or_make
from local_mesh.guardian import Guardian
from local_mesh.info import DatabaseUrls, Login, MeshInfo
from local_mesh.keeper import Keeper
from local_mesh.logs import Screen
from local_mesh.ports import PREFERRED, PortPolicy, choose_ports
from local_mesh.site import Site
from local_mesh.state import StateDirectory, SupervisorLock
from local_mesh.supervisor import Supervisor
from local_mesh.traces import Span, TraceStore

_SERVICES = ("auth", "contracts", "ai-gateway")


class Mesh:
    """`async with Mesh(directory, ports="random", quiet=True) as mesh:` — ready inside, gone after.

    Raises StateTakenError when another mesh runs on the directory, StartFailedError when a part
    does not start.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        ports: PortPolicy = "preferred",
        quiet: bool = False,
        only: Collection[str] | None = None,
        overrides: Mapping[str, str] | None = None,
        screen: Screen | None = None,
        parts: Callable[[Site], Collection[Part]] = plan.parts,
    ) -> None:
        """`only` starts some components with what they need; `overrides` are settings for every service."""
        self._state = StateDirectory(state_dir.resolve())
        self._policy: PortPolicy = ports
        self._only = only
        self._overrides = dict(overrides or {})
        self.screen = screen or Screen(Console(), quiet=quiet)
        self._parts = parts
        self._running = False

    @property
    def info(self) -> MeshInfo:
        """Addresses, process ids (the present ones), and the demo login."""
        return _describe(self._site, self._supervisor.pids, self._started_at)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Starts everything; when that fails, nothing of it is left."""
        began = monotonic()
        self._state.prepare()
        self._lock = SupervisorLock(self._state)
        self._lock.take()
        self._guardian = Guardian(self._lock.descriptor)
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        self.screen.say(f"ready in {monotonic() - began:.1f} s", "bold green")

    async def _start(self) -> None:
        self._started_at = datetime.now(UTC)
        self._site = self._make_site()
        self._traces = TraceStore(self._state.traces_file)
        self._collector: grpc.aio.Server = await start_collector(self._site.ports["collector"], self._traces)
        self._supervisor = Supervisor(
            self._parts(self._site),
            logs=self._state.logs,
            guardian=self._guardian,
            screen=self.screen,
            changed=self._write_info,
        )
        await self._supervisor.start(self._only)
        self._running = True
        self._write_info()

    def _make_site(self) -> Site:
        ports = choose_ports(self._policy, PREFERRED)
        for name, port in ports.items():
            if port.wanted is not None:
                self.screen.say(f"port {port.wanted} is taken: {name} uses {port.number}", "yellow")
        return Site(
            state=self._state,
            ports={name: port.number for name, port in ports.items()},
            credentials=load_or_make(self._state.secrets_file, self._state.postgres),
            environment=dict(os.environ),
            overrides=self._overrides,
        )

    async def close(self) -> None:
        """Stops what runs, in reverse order; safe to call twice."""
        self._running = False
        if hasattr(self, "_supervisor"):
            await self._supervisor.stop()
            self.info.stopped().write(self._state.mesh_file)
        if hasattr(self, "_collector"):
            await self._collector.stop(grace=1)
            self._traces.close()
        self._guardian.dismiss()
        self._lock.release()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Signals one component's process; it is started again. Follow with `wait_ready`."""
        self._supervisor.keeper(name).kill(number)

    async def wait_ready(self, name: str) -> None:
        """Until the component serves; after `kill`, until its successor does."""
        await self._supervisor.keeper(name).wait_ready()

    async def wait_open(self) -> None:
        """Until the gateway reaches every service again, which it learns half a second after they serve."""
        await gateway.until_open(self._site)

    async def stop(self, name: str) -> None:
        """Stops one component and leaves it stopped; `start` brings it back."""
        await self._supervisor.keeper(name).stop()

    async def start(self, name: str) -> None:
        """Starts a stopped component and waits until it serves."""
        await self._supervisor.keeper(name).start()

    async def restart(self, name: str) -> None:
        await self.stop(name)
        await self.start(name)

    def component(self, name: str) -> Keeper:
        """State, process id and number of restarts of one component."""
        return self._supervisor.keeper(name)

    def trace(self, trace_id: str) -> tuple[Span, ...]:
        """The spans of a trace that have arrived so far."""
        return self._traces.trace(trace_id)

    def _write_info(self) -> None:
        if self._running:
            self.info.write(self._state.mesh_file)


def _describe(site: Site, pids: dict[str, int], started_at: datetime) -> MeshInfo:
    rest = site.url("gateway")
    return MeshInfo(
        state="ready",
        supervisor=os.getpid(),
        simulated=site.simulated,
        urls={
            "rest": rest,
            "docs": f"{rest}/docs",
            "mail": site.url("mail"),
            "pages": f"{environment.public_url(site)}/account/",
            "openapi": f"{rest}/openapi.json",
            "health": f"{rest}/healthz",
        },
        addresses={name: site.address(name) for name in _SERVICES},
        ports=dict(site.ports),
        pids=pids,
        login=Login(DEMO_EMAIL, site.credentials.demo_password),
        databases={
            name: DatabaseUrls(
                bootstrap.app_dsn(site.cluster, site.credentials, name),
                bootstrap.owner_dsn(site.cluster, site.credentials, name),
            )
            for name in DATABASES
        },
        valkey=valkey.url(site.ports["valkey"], site.credentials.valkey),
        simulator=site.url("simulator") if site.simulated else "",
        started_at=started_at.isoformat(),
    )
