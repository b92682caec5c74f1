"""SQL for connections and their domains. Of verified domains row security shows the one that is named."""

from uuid import UUID

import asyncpg

from auth_service import roles
from auth_service.sso.model import Domain, SsoConnection
from service_runtime.postgres import Connection

_COLUMNS = """id, display_name, issuer, client_id, wrapped, roles, required, version, created_at, updated_at,
              ARRAY(
                  SELECT ROW(domain, txt_value, verified_at IS NOT NULL) FROM sso_domains
                  WHERE sso_domains.org_id = sso_connections.org_id
                    AND sso_domains.connection_id = sso_connections.id
                  ORDER BY domain
              ) AS domains"""


def _from_row(row: asyncpg.Record) -> SsoConnection:
    return SsoConnection(
        id=row["id"],
        display_name=row["display_name"],
        issuer=row["issuer"],
        client_id=row["client_id"],
        wrapped=row["wrapped"],
        roles=roles.from_stored(row["roles"]),
        required=row["required"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        domains=tuple(Domain(*domain) for domain in row["domains"]),
    )


async def insert(connection: Connection, org_id: UUID, new: SsoConnection) -> None:
    """Without domains."""
    await connection.execute(
        """INSERT INTO sso_connections (org_id, id, display_name, issuer, client_id, wrapped, roles, required)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        org_id, new.id, new.display_name, new.issuer, new.client_id, new.wrapped, new.roles, new.required,
    )  # fmt: skip


async def get(connection: Connection, org_id: UUID, connection_id: UUID) -> SsoConnection | None:
    """The connection as it is now."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM sso_connections WHERE org_id = $1 AND id = $2", org_id, connection_id
    )
    return _from_row(row) if row else None


async def held(connection: Connection, org_id: UUID, connection_id: UUID) -> SsoConnection | None:
    """The connection, which neither changes nor goes before the transaction ends; nor do its domains."""
    await connection.execute(
        "SELECT FROM sso_connections WHERE org_id = $1 AND id = $2 FOR SHARE", org_id, connection_id
    )
    return await get(connection, org_id, connection_id)


async def every(connection: Connection, org_id: UUID) -> list[SsoConnection]:
    """Oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM sso_connections WHERE org_id = $1 ORDER BY created_at, id", org_id
    )
    return [_from_row(row) for row in rows]


async def update(connection: Connection, org_id: UUID, changed: SsoConnection) -> None:
    """Counts the change, and ends the sign-ins that are under way by it."""
    await connection.execute(
        """UPDATE sso_connections SET display_name = $3, issuer = $4, client_id = $5, wrapped = $6,
                                      roles = $7, required = $8, version = version + 1, updated_at = now()
           WHERE org_id = $1 AND id = $2""",
        org_id, changed.id, changed.display_name, changed.issuer, changed.client_id, changed.wrapped,
        changed.roles, changed.required,
    )  # fmt: skip
    await connection.execute(
        "DELETE FROM sso_flows WHERE org_id = $1 AND connection_id = $2", org_id, changed.id
    )


async def touch(connection: Connection, org_id: UUID, connection_id: UUID) -> None:
    """Its domains have changed. Waits for sign-ins that hold the connection."""
    await connection.execute(
        """UPDATE sso_connections SET version = version + 1, updated_at = now()
           WHERE org_id = $1 AND id = $2""",
        org_id, connection_id,
    )  # fmt: skip


async def delete(connection: Connection, org_id: UUID, connection_id: UUID) -> None:
    """With its domains, also the verified, and the sign-ins under way."""
    await connection.execute(
        "DELETE FROM sso_connections WHERE org_id = $1 AND id = $2", org_id, connection_id
    )


async def add_domain(
    connection: Connection, org_id: UUID, connection_id: UUID, domain: str, txt_value: str
) -> bool:
    """False where the organization has it already, with this or another connection."""
    added = await connection.fetchval(
        """INSERT INTO sso_domains (org_id, connection_id, domain, txt_value) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING RETURNING true""",
        org_id, connection_id, domain, txt_value,
    )  # fmt: skip
    return bool(added)


async def take_domain(connection: Connection, org_id: UUID, domain: str) -> bool:
    """Whether nobody else has verified it. Of two at once one is the first."""
    await _name(connection, domain)
    added = await connection.fetchval(
        """INSERT INTO sso_verified_domains (org_id, domain) VALUES ($1, $2)
           ON CONFLICT DO NOTHING RETURNING true""",
        org_id, domain,
    )  # fmt: skip
    if added:
        await connection.execute(
            "UPDATE sso_domains SET verified_at = now() WHERE org_id = $1 AND domain = $2", org_id, domain
        )
    return bool(added) or await whose(connection, domain) == org_id


async def remove_domain(connection: Connection, org_id: UUID, connection_id: UUID, domain: str) -> bool:
    """Whether the connection had it."""
    removed = await connection.fetchval(
        """DELETE FROM sso_domains WHERE org_id = $1 AND connection_id = $2 AND domain = $3
           RETURNING true""",
        org_id, connection_id, domain,
    )  # fmt: skip
    return bool(removed)


async def whose(connection: Connection, domain: str) -> UUID | None:
    """The organization that has verified the domain; in whatever transaction."""
    await _name(connection, domain)
    found: UUID | None = await connection.fetchval(
        "SELECT org_id FROM sso_verified_domains WHERE domain = $1", domain
    )
    return found


async def is_required(connection: Connection, org_id: UUID, domain: str) -> bool:
    """Whether the organization wants people of this domain to come by single sign-on."""
    found = await connection.fetchval(
        """SELECT required FROM sso_domains
           JOIN sso_connections ON sso_connections.org_id = sso_domains.org_id
                               AND sso_connections.id = sso_domains.connection_id
           WHERE sso_domains.org_id = $1 AND domain = $2 AND verified_at IS NOT NULL""",
        org_id, domain,
    )  # fmt: skip
    return bool(found)


async def _name(connection: Connection, domain: str) -> None:
    await connection.execute("SELECT set_config('app.sso_domain', $1, true)", domain)
