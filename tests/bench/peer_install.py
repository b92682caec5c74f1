"""Finds the peers' pinned releases, or puts them into `.local/peers`, which git ignores.

Looked for in the folder that PEERS names and in `../shared/peers`, by the names in its README; else they come
from the Python and npm registries, once. LiteLLM 1.82.7, 1.82.8 and 1.107.0 were compromised and are never
taken; the code of such a release runs from a `.pth` file before anything is imported, so LiteLLM's wheels are
looked through before they are installed.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from local_mesh.state import REPOSITORY

LITELLM, TENSORZERO = "1.99.4", "2026.6.0"
# Portkey's newest npm build cannot stream (Portkey-AI/gateway#1389, #1550), so streams are an older one's.
# The server underneath is held at the version that each was built against.
PORTKEY, PORTKEY_STREAMS = "1.15.2", "1.9.8"
_PORTKEY_SERVERS = {PORTKEY: "1.14.2", PORTKEY_STREAMS: "1.13.8"}
_PORTKEY_FOLDERS = {PORTKEY: "portkey", PORTKEY_STREAMS: "portkey198"}
_START_PORTKEY = "node_modules/@portkey-ai/gateway/build/start-server.js"
_ROOT = REPOSITORY / ".local/peers"
_COMPROMISED = frozenset({"1.82.7", "1.82.8", "1.107.0"})
_SECONDS = 600.0


class NotInstalledError(Exception):
    """A peer cannot be had here; the message is the reason."""


def litellm() -> Path:
    """The program. Raises NotInstalledError."""
    if LITELLM in _COMPROMISED:
        raise NotInstalledError(f"LiteLLM {LITELLM} was compromised")
    home = _found("litellm199-venv/bin/litellm") or _ROOT / f"litellm-{LITELLM}"
    program, wheels = home / "bin/litellm", home / "wheels"
    if not program.exists():
        python = _environment(home)
        wanted = f"litellm[proxy]=={LITELLM}"
        _run([python, "-m", "pip", "download", "-q", "--only-binary", ":all:", "-d", wheels, wanted])
        _refuse_path_files(sorted(wheels.glob("litellm*.whl")))
        _run([python, "-m", "pip", "install", "-q", "--no-index", "--find-links", wheels, wanted])
        shutil.rmtree(wheels)
    return program


def tensorzero() -> Path:
    """A Python that has TensorZero, whose wheel holds the gateway. Raises NotInstalledError."""
    home = _found("tz-venv/bin/python") or _ROOT / f"tensorzero-{TENSORZERO}"
    python = home / "bin/python"
    if home.is_relative_to(_ROOT) and not (home / "installed").exists():
        _environment(home)
        wanted = f"tensorzero=={TENSORZERO}"
        _run([python, "-m", "pip", "install", "-q", "--only-binary", ":all:", wanted])
        (home / "installed").touch()
    return python


def portkey(version: str) -> Path:
    """The server's script. Raises NotInstalledError."""
    home = _found(f"{_PORTKEY_FOLDERS[version]}/{_START_PORTKEY}") or _ROOT / f"portkey-{version}"
    script = home / _START_PORTKEY
    if not script.exists():
        if shutil.which("npm") is None:
            raise NotInstalledError("npm is not installed")
        home.mkdir(parents=True, exist_ok=True)
        wanted = {
            "private": True,
            "dependencies": {"@portkey-ai/gateway": version},
            "overrides": {"@hono/node-server": _PORTKEY_SERVERS[version]},
        }
        (home / "package.json").write_text(json.dumps(wanted))
        _run(["npm", "install", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
    return script


def _found(program: str) -> Path | None:
    """The folder in which somebody has put it."""
    places = [Path(os.environ["PEERS"])] if os.environ.get("PEERS") else []
    for place in (*places, REPOSITORY.parent / "shared/peers"):
        if (place / program).exists():
            return place / Path(program).parts[0]
    return None


def _environment(home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    _run([sys.executable, "-m", "venv", home])
    return home / "bin/python"


def _refuse_path_files(wheels: Sequence[Path]) -> None:
    if not wheels:
        raise NotInstalledError("no wheel of LiteLLM came")
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as opened:
            found = [name for name in opened.namelist() if name.endswith(".pth")]
        if found:
            raise NotInstalledError(
                f"{wheel.name} holds {found[0]}, which would run at every start of Python"
            )


def _run(command: Sequence[str | Path]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.CalledProcessError as failed:
        said = (failed.stderr or failed.stdout).strip().splitlines()
        raise NotInstalledError(said[-1] if said else f"{command[0]} failed") from failed
    except (OSError, subprocess.TimeoutExpired) as failed:
        raise NotInstalledError(f"{command[0]}: {type(failed).__name__}") from failed
