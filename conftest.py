"""What tests of all members share: one migrated PostgreSQL a run, and tokens as auth signs them."""

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import hypothesis
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from ai_gateway_testing import backends
from contracts_service import queue
from local_mesh import bootstrap
from local_mesh.credentials import DATABASES, Credentials
from local_mesh.migrations import Migrations
from local_mesh.ports import choose_ports
from local_mesh.postgres import SUPERUSER, Cluster
from service_runtime.identity import ACCESS_TYPE, AUDIENCE, ISSUER, WORKLOAD_TYPE, TokenVerifier

TESTS_OF_THE_MESH = Path(__file__).parent / "tests"

# A noisy machine is no counterexample.
hypothesis.settings.register_profile("ours", deadline=None)
hypothesis.settings.load_profile("ours")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For `pytest -n 2 --dist loadgroup`: a file stays together, and so do those who share the one mesh."""
    for item in items:
        shares = (
            "mesh" if item.path.is_relative_to(TESTS_OF_THE_MESH) and "crash" not in item.path.parts else ""
        )
        item.add_marker(pytest.mark.xdist_group(shares or str(item.path)))


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
        asyncio.run(_prepare(served))
        yield served
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(served: Databases) -> None:
    superuser = served.cluster.dsn(SUPERUSER, served.credentials.postgres, "postgres")
    give_up_at = time.monotonic() + 20
    while True:
        try:
            await (await asyncpg.connect(superuser, timeout=2)).close()
            break
        except (OSError, asyncpg.PostgresError):
            if time.monotonic() > give_up_at:
                raise
            await asyncio.sleep(0.05)
    await bootstrap.bootstrap(served.cluster, served.credentials)
    await asyncio.gather(*(Migrations.of(name).apply(served.owner(name)) for name in DATABASES))
    await queue.install(served.owner("contracts"))


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey that remembers nothing after the run."""
    with backends.cache(tmp_path_factory.mktemp("valkey")) as url:
        yield url


class Signer:
    """A signing key with its public set, and how often the set was asked for."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", parameters={"kid": uuid4().hex, "alg": "ES256"})
        self.fetches = 0

    async def fetch(self) -> KeySet:
        self.fetches += 1
        return KeySet.import_key_set({"keys": [self.key.as_dict(private=False)]})

    def sign(
        self, kind: str = ACCESS_TYPE, signing_key: Any = None, algorithm: str = "ES256", **claims: Any
    ) -> str:
        signing = signing_key or self.key
        header = {"alg": algorithm, "kid": self.key.kid, "typ": kind}
        body = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60, **claims}
        return jwt.encode(header, body, signing, algorithms=[algorithm])

    def subject(self, org: UUID | None = None, permissions: tuple[str, ...] = (), **claims: Any) -> str:
        given = {"sub": f"users/{uuid4()}", "org": str(org or uuid4()), "perms": list(permissions)}
        return self.sign(**{**given, **claims})

    def workload(self, name: str = "contracts", **claims: Any) -> str:
        return self.sign(WORKLOAD_TYPE, sub=f"workloads/{name}", **claims)


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def verifier(signer: Signer) -> TokenVerifier:
    return TokenVerifier(signer, refetch_seconds=0)
