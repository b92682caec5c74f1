"""The facts that a mesh is described from: places, ports, secrets, and who answers as Claude."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from local_mesh.credentials import Credentials
from local_mesh.ports import LOOPBACK
from local_mesh.postgres import Cluster
from local_mesh.state import StateDirectory


@dataclass(frozen=True, slots=True)
class Site:
    """Built once, before anything starts."""

    state: StateDirectory
    ports: Mapping[str, int]
    credentials: Credentials
    environment: Mapping[str, str] = field(repr=False)
    """The supervisor's own environment, as it was at the start."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Settings that every service gets on top, for tests."""

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.state.postgres, self.ports["postgres"])

    @property
    def simulated(self) -> bool:
        """Without a key there is nobody to ask but the simulator."""
        return not self.environment.get("ANTHROPIC_API_KEY")

    def address(self, name: str) -> str:
        """`host:port`."""
        return f"{LOOPBACK}:{self.ports[name]}"

    def url(self, name: str) -> str:
        return f"http://{self.address(name)}"
