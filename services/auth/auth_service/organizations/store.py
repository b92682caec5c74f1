"""SQL for organizations. A transaction sees its own only."""

from uuid import UUID

from auth_service.organizations.model import Organization
from service_runtime.postgres import Connection


async def insert(connection: Connection, org_id: UUID, display_name: str) -> Organization:
    """Adds the transaction's organization."""
    created_at = await connection.fetchval(
        "INSERT INTO organizations (org_id, display_name) VALUES ($1, $2) RETURNING created_at",
        org_id, display_name,
    )  # fmt: skip
    return Organization(org_id, display_name, created_at)


async def get(connection: Connection, org_id: UUID) -> Organization | None:
    """The organization, if it is the transaction's."""
    row = await connection.fetchrow(
        "SELECT org_id, display_name, created_at FROM organizations WHERE org_id = $1", org_id
    )
    return Organization(row["org_id"], row["display_name"], row["created_at"]) if row else None


async def hold(connection: Connection, org_id: UUID) -> None:
    """Until the transaction ends, nobody else changes who belongs to the organization."""
    await connection.execute("SELECT FROM organizations WHERE org_id = $1 FOR NO KEY UPDATE", org_id)
