"""What a running mesh tells others about itself: `mesh.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from local_mesh.state import write_json


@dataclass(frozen=True, slots=True)
class Login:
    """The demo organization's owner."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One database, as its service sees it and as its owner does."""

    app: str = field(repr=False)
    owner: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MeshInfo:
    """Addresses, process ids and the demo login. The file that holds it is readable by its owner only."""

    state: Literal["ready", "stopped"]
    supervisor: int
    """Process id of the supervisor."""
    simulated: bool
    """True when the simulator stands in for Claude."""
    urls: dict[str, str]
    """`rest`, `docs`, `openapi`, `health`, `mail`, `pages`."""
    addresses: dict[str, str]
    """`host:port` of each gRPC service."""
    ports: dict[str, int]
    pids: dict[str, int]
    login: Login
    databases: dict[str, DatabaseUrls]
    valkey: str = field(repr=False)
    simulator: str
    """Base URL of the simulator; empty where Claude itself answers."""
    started_at: str

    @property
    def rest(self) -> str:
        """Base URL of the REST API."""
        return self.urls["rest"]

    def write(self, path: Path) -> None:
        write_json(path, asdict(self))

    def stopped(self) -> MeshInfo:
        return replace(self, state="stopped", pids={})


def read_info(path: Path) -> MeshInfo | None:
    """What the last mesh wrote there, or None when none did."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    found["login"] = Login(**found["login"])
    found["databases"] = {name: DatabaseUrls(**urls) for name, urls in found["databases"].items()}
    return MeshInfo(**found)
