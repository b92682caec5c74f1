"""The mesh of `make up`, as it tells of itself in `.local/mesh.json` and `.local/secrets.json`."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ai_gateway.cli.problems import CommandError

_NOT_RUNNING = (
    "No mesh runs here: `make up` starts one. For another gateway set BLOOM_AI_TARGET and BLOOM_AI_TOKEN."
)
# The service that this program belongs to asks in its own name.
_WORKLOAD = "ai-gateway"


@dataclass(frozen=True, slots=True)
class LocalMesh:
    """Addresses are `host:port`; the login is that of the demo organization's owner."""

    ai_gateway: str
    auth: str
    email: str
    password: SecretStr
    state: Path
    workload_id: str = field(default=_WORKLOAD)

    def workload_secret(self) -> SecretStr:
        """Of the service in whose name Claude is asked. Raises CommandError where it is not told."""
        try:
            return SecretStr(_read(self.state / "secrets.json")["workloads"][self.workload_id])
        except (KeyError, TypeError):
            raise CommandError(f"{self.state}/secrets.json knows no workload {self.workload_id}.") from None


def find_mesh(state: Path | None) -> LocalMesh:
    """The mesh of this state directory, else of the nearest `.local`. Raises CommandError when none runs."""
    root = state or _nearest()
    info = _read(root / "mesh.json")
    if info.get("state") != "ready":
        raise CommandError(_NOT_RUNNING)
    try:
        login, addresses = info["login"], info["addresses"]
        return LocalMesh(
            addresses["ai-gateway"], addresses["auth"], login["email"], SecretStr(login["password"]), root
        )
    except (KeyError, TypeError):
        raise CommandError(
            f"{root}/mesh.json is not one of this version: `make down`, then `make up`."
        ) from None


def _nearest() -> Path:
    here = Path.cwd()
    found = (folder / ".local" for folder in (here, *here.parents))
    return next((state for state in found if (state / "mesh.json").is_file()), here / ".local")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError(_NOT_RUNNING) from None
    except (OSError, ValueError):
        raise CommandError(f"{path} cannot be read.") from None
    return found if isinstance(found, dict) else {}
