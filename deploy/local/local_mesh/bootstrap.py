"""Databases and roles. Idempotent: a second run changes nothing but passwords that differ.

`bloom_owner` owns the databases and runs the migrations. Each service connects as a role of its own that
owns nothing and cannot bypass row-level security; it gets its rights on tables as the owner makes them.
"""

from __future__ import annotations

import asyncio

import asyncpg

from local_mesh.credentials import DATABASES, Credentials
from local_mesh.postgres import SUPERUSER, Cluster

OWNER = "bloom_owner"
_ROLE_RIGHTS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def app_role(database: str) -> str:
    return f"{database}_app"


def app_dsn(cluster: Cluster, credentials: Credentials, database: str) -> str:
    """What the service of this database connects with."""
    return cluster.dsn(app_role(database), credentials.apps[database], database)


def owner_dsn(cluster: Cluster, credentials: Credentials, database: str) -> str:
    """What migrations connect with."""
    return cluster.dsn(OWNER, credentials.owner, database)


async def bootstrap(cluster: Cluster, credentials: Credentials) -> str:
    """Roles first, then the databases, then the rights in each, at once."""
    connection = await asyncpg.connect(cluster.dsn(SUPERUSER, credentials.postgres, "postgres"))
    try:
        await _make_roles(connection, credentials)
        made = [name for name in DATABASES if await _make_database(connection, name)]
    finally:
        await connection.close()
    await asyncio.gather(*(_grant(cluster, credentials, name) for name in DATABASES))
    return f"made {', '.join(made)}" if made else "kept"


async def _make_roles(connection: asyncpg.Connection, credentials: Credentials) -> None:
    passwords = {OWNER: credentials.owner} | {app_role(name): credentials.apps[name] for name in DATABASES}
    present = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
    for role, password in passwords.items():
        if role not in present:
            quoted = await connection.fetchval("SELECT quote_literal($1)", password)
            await connection.execute(f"CREATE ROLE {role} {_ROLE_RIGHTS} PASSWORD {quoted}")


async def _make_database(connection: asyncpg.Connection, name: str) -> bool:
    if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        return False
    # FILE_COPY spares the write-ahead log of a whole template; the cluster has no other user yet.
    await connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} STRATEGY FILE_COPY")
    await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    await connection.execute(f"GRANT CONNECT ON DATABASE {name} TO {app_role(name)}")
    return True


async def _grant(cluster: Cluster, credentials: Credentials, name: str) -> None:
    role = app_role(name)
    connection = await asyncpg.connect(cluster.dsn(SUPERUSER, credentials.postgres, name))
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER}"
    try:
        await connection.execute(f"""
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            GRANT USAGE, CREATE ON SCHEMA public TO {OWNER};
            GRANT USAGE ON SCHEMA public TO {role};
            {defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
            {defaults} GRANT USAGE ON SEQUENCES TO {role};
            {defaults} GRANT EXECUTE ON FUNCTIONS TO {role};
        """)
    finally:
        await connection.close()
