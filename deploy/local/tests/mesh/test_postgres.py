"""The embedded PostgreSQL: roles that own nothing, migrations, and what survives kill -9."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from local_mesh import Mesh
from local_mesh.bootstrap import OWNER, app_role, bootstrap
from local_mesh.credentials import DATABASES, CredentialsLostError, load_or_make
from local_mesh.migrations import MigrationError, Migrations
from local_mesh.postgres import Cluster


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[Mesh]:
    async with Mesh(tmp_path / "state", ports="random", quiet=True, only=("databases",)) as running:
        yield running


async def test_app_roles_own_nothing_and_bypass_nothing(mesh: Mesh) -> None:
    for name in DATABASES:
        urls = mesh.info.databases[name]
        owner, app = await asyncpg.connect(urls.owner), await asyncpg.connect(urls.app)
        try:
            await owner.execute("CREATE TABLE kept (id bigserial PRIMARY KEY)")
            rights = await app.fetchrow(
                "SELECT current_user AS role, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
                " FROM pg_roles WHERE rolname = current_user"
            )
            assert tuple(rights or ()) == (app_role(name), False, False, False, False)
            assert not await app.fetchval(
                "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
            )
            assert not await app.fetchval(
                "SELECT count(*) FROM pg_database WHERE datdba = current_user::regrole"
            )
            await app.execute("INSERT INTO kept DEFAULT VALUES")  # table and sequence, by default privileges
            for forbidden in (
                "CREATE TABLE own ()",
                "DROP TABLE kept",
                "ALTER TABLE kept DISABLE ROW LEVEL SECURITY",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await app.execute(forbidden)
        finally:
            await owner.close()
            await app.close()


async def test_an_app_role_reaches_its_own_database_only(mesh: Mesh) -> None:
    foreign = mesh.info.databases["auth"].app.replace("/auth?", "/contracts?")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(foreign)


async def test_the_bootstrap_may_run_again(mesh: Mesh, tmp_path: Path) -> None:
    credentials = load_or_make(tmp_path / "state/secrets.json", tmp_path / "state/postgres")
    cluster = Cluster(tmp_path / "state/postgres", mesh.info.ports["postgres"])
    assert await bootstrap(cluster, credentials) == "kept"


async def test_committed_rows_survive_kill_9(mesh: Mesh) -> None:
    url = mesh.info.databases["contracts"].owner
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE acknowledged (n int)")
    await connection.executemany("INSERT INTO acknowledged VALUES ($1)", [(n,) for n in range(100)])
    await connection.execute("BEGIN; INSERT INTO acknowledged VALUES (-1)")
    mesh.kill("postgres", signal.SIGKILL)
    async with asyncio.timeout(20):
        await mesh.wait_ready("postgres")
    connection.terminate()
    again = await asyncpg.connect(url)
    assert await again.fetchval("SELECT array_agg(n ORDER BY n) FROM acknowledged") == list(range(100))
    await again.close()
    assert mesh.component("postgres").restarts >= 1


async def test_migrations_run_once_and_a_bad_one_is_explained(mesh: Mesh, tmp_path: Path) -> None:
    (tmp_path / "platform").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "platform/001_first.sql").write_text(
        "-- migrate:up\nCREATE TABLE first (id int);\n-- migrate:down\n"
    )
    (tmp_path / "own/002_second.sql").write_text(
        "-- migrate:up\nALTER TABLE first ADD COLUMN more int;\n-- migrate:down\n"
    )
    url = mesh.info.databases["auth"].owner
    migrations = Migrations("auth", (tmp_path / "platform", tmp_path / "own"))
    assert await migrations.apply(url) == "2 applied"
    assert await migrations.apply(url) == "nothing pending"
    (tmp_path / "own/003_bad.sql").write_text(
        "-- migrate:up\nALTER TABLE nowhere ADD COLUMN x int;\n-- migrate:down\n"
    )
    with pytest.raises(MigrationError, match='relation "nowhere" does not exist'):
        await migrations.apply(url)
    (tmp_path / "own/001_same.sql").write_text("-- migrate:up\nSELECT 1;\n-- migrate:down\n")
    with pytest.raises(MigrationError, match="more than one migration has version 001"):
        await migrations.apply(url)


async def test_data_without_its_passwords_is_not_touched(mesh: Mesh, tmp_path: Path) -> None:
    with pytest.raises(CredentialsLostError, match="begin anew"):
        load_or_make(tmp_path / "elsewhere.json", tmp_path / "state/postgres")
    assert OWNER in mesh.info.databases["auth"].owner
