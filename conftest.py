"""One PostgreSQL for all tests of a run: the same bootstrap and migrations as the laptop mesh."""

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from contracts_service import queue
from local_mesh import bootstrap
from local_mesh.credentials import DATABASES, Credentials
from local_mesh.migrations import Migrations
from local_mesh.ports import choose_ports
from local_mesh.postgres import SUPERUSER, Cluster


@dataclass(frozen=True)
class Databases:
    """A running cluster with every service's database, migrated."""

    cluster: Cluster
    credentials: Credentials

    def app(self, database: str) -> str:
        """What the service connects with: a role that owns nothing and cannot bypass row-level security."""
        return bootstrap.app_dsn(self.cluster, self.credentials, database)

    def owner(self, database: str) -> str:
        """What migrations connect with."""
        return bootstrap.owner_dsn(self.cluster, self.credentials, database)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Started once, with durability off: what survives a crash is tested on a cluster of its own."""
    folder = tmp_path_factory.mktemp("postgres")
    cluster = Cluster(folder / "data", choose_ports("random", ("postgres",))["postgres"].number)
    served = Databases(cluster, Credentials())
    asyncio.run(cluster.make(served.credentials.postgres))
    with (folder / "log").open("wb") as log:
        command = [*cluster.command, "--fsync=off", "--synchronous_commit=off", "--full_page_writes=off"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        asyncio.run(_prepare(served, folder / "log"))
        yield served
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(served: Databases, log: Path) -> None:
    superuser = served.cluster.dsn(SUPERUSER, served.credentials.postgres, "postgres")
    give_up_at = time.monotonic() + 20
    while True:
        try:
            await (await asyncpg.connect(superuser, timeout=2)).close()
            break
        except (OSError, asyncpg.PostgresError):
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"PostgreSQL does not answer:\n{log.read_text()}") from None
            await asyncio.sleep(0.05)
    await bootstrap.bootstrap(served.cluster, served.credentials)
    await asyncio.gather(*(Migrations.of(name).apply(served.owner(name)) for name in DATABASES))
    await queue.install(served.owner("contracts"))
