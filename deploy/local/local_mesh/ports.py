"""Chooses TCP ports on the loopback interface: the preferred one, or a free one if it is taken."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LOOPBACK = "127.0.0.1"
PortPolicy = Literal["preferred", "random"]

PREFERRED: Mapping[str, int] = {
    "gateway": 3001,
    "gateway-admin": 9901,
    "strict-json": 3002,
    "scim": 3005,
    "web": 3006,
    "auth": 50051,
    "contracts": 50052,
    "ai-gateway": 50053,
    "contracts-worker": 50054,
    "postgres": 54329,
    "valkey": 63799,
    "simulator": 8765,
    "oidc": 8766,
    "mail": 8767,
    "collector": 4317,
}

# Below the range from which Linux and macOS take the ports of outgoing connections (32768, 49152): a
# port that is free now is not taken by a passing connection while its component restarts.
_FREE_RANGE = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class Port:
    """A port and, when another was wanted, which."""

    number: int
    wanted: int | None = None


def is_free(port: int) -> bool:
    """Whether a server could bind the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_ports(
    policy: PortPolicy, names: Iterable[str] = tuple(PREFERRED), preferred: Mapping[str, int] = PREFERRED
) -> dict[str, Port]:
    """A distinct free port for each name. Raises RuntimeError when there is none left."""
    chosen: dict[str, Port] = {}
    for name in names:
        taken = {port.number for port in chosen.values()}
        wanted = preferred.get(name) if policy == "preferred" else None
        if wanted is not None and wanted not in taken and is_free(wanted):
            chosen[name] = Port(wanted)
        else:
            chosen[name] = Port(_any_free(taken), wanted)
    return chosen


def _any_free(taken: set[int]) -> int:
    candidates = random.SystemRandom().sample(_FREE_RANGE, k=200)
    for port in candidates:
        if port not in taken and _claim(port) and is_free(port):
            return port
    raise RuntimeError(f"no free port between {_FREE_RANGE.start} and {_FREE_RANGE.stop}")


def _claim(port: int) -> bool:
    """Whether no other mesh of this machine has chosen it; until this process ends.

    A port that is chosen is bound only when its component starts, and free again while that restarts.
    """
    folder = Path(tempfile.gettempdir()) / f"bloom-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    claim = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claim)
        return False
    return True
