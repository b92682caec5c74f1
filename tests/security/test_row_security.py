"""Every table of the running mesh, as its service connects to it: no tenant, no rows, no writes."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.security.world import World

DATABASES = ("auth", "contracts", "ai")
# Tables of no tenant; each with the reason why that is right.
OF_NO_TENANT = {
    "schema_migrations": "which migrations ran",
    "signing_keys": "keys of the whole installation, wrapped by JWT_SECRET",
}
# Protected from every service, and not from their owner, whose functions ask for the organization themselves.
OPEN_TO_ITS_OWNER = {
    "page_words": "its index serves no role that row security holds for (docs/decisions/0027)"
}
# Protected tables whose rows are nobody's; a column of each, and a value for it.
OF_NO_ORGANIZATION = {"sign_in_tries": ("key", "'x'")}
ROLE_RIGHTS = "rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
of_each_database = pytest.mark.parametrize("database", DATABASES)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def tables(connection: asyncpg.Connection) -> dict[str, asyncpg.Record]:
    rows = await connection.fetch(
        """SELECT relname, relrowsecurity AND (relforcerowsecurity OR relname = ANY($1)) AS forced,
                  EXISTS (
                      SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'org_id'
                  ) AS tenant
           FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')""",
        list(OPEN_TO_ITS_OWNER),
    )
    return {row["relname"]: row for row in rows}


@of_each_database
async def test_every_table_is_a_tenants_with_forced_row_security_or_has_a_reason(world: World, database: str):
    async with connected(world.superuser(database)) as connection:
        found = await tables(connection)
    unprotected = {name for name, row in found.items() if not row["forced"]}
    queue = {name for name in unprotected if name.startswith("pgqueuer")}  # holds names of work, no content
    assert unprotected - queue <= set(OF_NO_TENANT)
    assert not [name for name in unprotected if found[name]["tenant"]]


@of_each_database
async def test_without_a_tenant_nothing_is_read_and_nothing_is_written(world: World, database: str):
    async with (
        connected(world.mesh.info.databases[database].app) as app,
        connected(world.superuser(database)) as everything,
    ):
        protected = [name for name, row in (await tables(everything)).items() if row["forced"]]
        assert [name for name in protected if await everything.fetchval(f"SELECT count(*) FROM {name}")]
        for name in protected:
            assert await app.fetchval(f"SELECT count(*) FROM {name}") == 0, name
            column, value = OF_NO_ORGANIZATION.get(name, ("org_id", "gen_random_uuid()"))
            for statement in (f"UPDATE {name} SET {column} = {column}", f"DELETE FROM {name}"):
                assert await changed(app, statement) == 0, statement
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(f"INSERT INTO {name} ({column}) VALUES ({value})")


async def changed(connection: asyncpg.Connection, statement: str) -> int:
    """How many rows; a refusal changes none."""
    try:
        return int((await connection.execute(statement)).split()[-1])
    except asyncpg.InsufficientPrivilegeError:
        return 0


@of_each_database
async def test_the_role_of_a_service_owns_nothing_and_cannot_become_more(world: World, database: str):
    async with connected(world.mesh.info.databases[database].app) as app:
        rights = await app.fetchrow(f"SELECT {ROLE_RIGHTS} FROM pg_roles WHERE rolname = current_user")
        owned = await app.fetch(
            """SELECT relname FROM pg_class WHERE relowner = current_user::regrole
               UNION ALL SELECT proname FROM pg_proc WHERE proowner = current_user::regrole
               UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner = current_user::regrole
               UNION ALL SELECT datname FROM pg_database WHERE datdba = current_user::regrole"""
        )
        memberships = await app.fetch("SELECT FROM pg_auth_members WHERE member = current_user::regrole")
        assert not any(rights.values())
        assert owned == memberships == []
        table = next(name for name, row in (await tables(app)).items() if row["forced"])
        for statement in (
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"TRUNCATE {table}",
            "CREATE TABLE own (org_id uuid)",
            "SET ROLE bloom_owner",
            "SET SESSION AUTHORIZATION postgres",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)
        await app.execute("SET row_security = off")  # asks for an error in place of hidden rows, not for rows
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await app.fetch(f"SELECT FROM {table}")


@of_each_database
async def test_a_service_cannot_open_the_database_of_another(world: World, database: str):
    own = world.mesh.info.databases[database].app
    for other in set(DATABASES) - {database}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connected(own.replace(f"/{database}?", f"/{other}?")):
                pass


@of_each_database
async def test_with_the_protection_off_the_rows_would_be_there(world: World, database: str):
    """In a transaction that ends in nothing: so it is the policies that hide, and no lack of rights."""
    app = world.mesh.info.databases[database].app.partition("//")[2].partition(":")[0]
    async with connected(world.superuser(database)) as everything:
        transaction = everything.transaction()
        await transaction.start()
        try:
            filled = [
                name for name, row in (await tables(everything)).items()
                if row["forced"] and await everything.fetchval(f"SELECT count(*) FROM {name}")
            ]  # fmt: skip
            for name in filled:
                await everything.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
            await everything.execute(f"SET LOCAL ROLE {app}")
            for name in filled:
                assert await everything.fetchval(f"SELECT count(*) FROM {name}") > 0, name
        finally:
            await transaction.rollback()


async def test_functions_that_look_past_the_policy_ask_for_the_organization(world: World):
    calls = {
        "matching_documents": "matching_documents($1) AS document_id",
        "ranked_pages": "ranked_pages($1, 100)",
        "too_common": "page_words WHERE too_common($1, 0)",
    }
    looking_past = "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    async with (
        connected(world.mesh.info.databases["contracts"].app) as app,
        connected(world.superuser("contracts")) as everything,
    ):
        assert {name for (name,) in await everything.fetch(looking_past)} == set(calls)
        owner, document, lexeme = await everything.fetchrow(
            """SELECT org_id, document_id, lexeme FROM page_words, unnest(words)
               WHERE lexeme NOT LIKE 'org:%' LIMIT 1"""
        )
        for call in calls.values():
            for asked in (f"'{lexeme}'", f"'org:{owner}'"):
                found = f"SELECT document_id FROM {call}".replace("$1", "$1::text::tsquery")
                async with app.transaction():
                    await app.execute("SELECT set_config('app.org_id', $1, true)", str(owner))
                    assert document in {row[0] for row in await app.fetch(found, asked)}
                    await app.execute("SELECT set_config('app.org_id', $1, true)", str(uuid.uuid4()))
                    assert await app.fetch(found, asked) == []


async def test_no_large_table_has_a_second_policy_that_reads(world: World):
    """They are joined by OR: then no index by organization serves a query that does not name one itself."""
    asked_by_name = {"audit_heads", "audit_signed_heads"}
    async with connected(world.superuser("contracts")) as everything:
        rows = await everything.fetch(
            """SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND cmd IN ('ALL', 'SELECT')
               GROUP BY tablename HAVING count(*) > 1"""
        )
    assert {name for (name,) in rows} <= asked_by_name
