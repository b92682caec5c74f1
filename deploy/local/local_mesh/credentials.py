"""The passwords of one local mesh: random, made once, kept in `secrets.json` for its owner only."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from local_mesh.state import write_json

DEMO_EMAIL = "demo@bloom.example"
WORKLOADS = ("contracts", "ai-gateway")
DATABASES = ("auth", "contracts", "ai")


def _random() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Every secret of the mesh; none of them prints."""

    postgres: str = field(repr=False, default_factory=_random)
    owner: str = field(repr=False, default_factory=_random)
    apps: dict[str, str] = field(repr=False, default_factory=lambda: {name: _random() for name in DATABASES})
    valkey: str = field(repr=False, default_factory=_random)
    jwt: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(48))
    workloads: dict[str, str] = field(
        repr=False, default_factory=lambda: {name: _random() for name in WORKLOADS}
    )
    demo_password: str = field(repr=False, default_factory=_random)
    # What auth shows the local OpenID Connect provider.
    oidc: str = field(repr=False, default_factory=_random)


class CredentialsLostError(Exception):
    """There is a database, and nobody knows its password."""


def load_or_make(path: Path, database: Path) -> Credentials:
    """Reads `path`; makes it when the mesh is new.

    Raises CredentialsLostError when `database` exists without the file that opens it.
    """
    if path.exists():
        return _from_json(path.read_text(encoding="utf-8"))
    if (database / "PG_VERSION").exists():
        raise CredentialsLostError(
            f"{database} has data, but {path} is gone; remove {path.parent} to begin anew"
        )
    made = Credentials()
    write_json(path, {name: getattr(made, name) for name in made.__slots__})
    return made


def _from_json(text: str) -> Credentials:
    return Credentials(**json.loads(text))
