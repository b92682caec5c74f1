"""SQL for the heads of other services' chains."""

from uuid import UUID

from service_runtime.errors import not_found
from service_runtime.postgres import Connection


async def require_organization(connection: Connection, org_id: UUID, name: str) -> None:
    """Raises NOT_FOUND."""
    if not await connection.fetchval("SELECT true FROM organizations WHERE org_id = $1", org_id):
        raise not_found(name)


async def advance_foreign(
    connection: Connection, org_id: UUID, chain: str, seq: int, digest: bytes
) -> int | None:
    """None where the chain goes on, or stands; else the place that was signed last."""
    taken = await connection.fetchval(
        """INSERT INTO audit_foreign_heads AS head (org_id, chain, seq, hash) VALUES ($1, $2, $3, $4)
           ON CONFLICT (org_id, chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash
           WHERE head.seq < excluded.seq OR (head.seq, head.hash) = (excluded.seq, excluded.hash)
           RETURNING true""",
        org_id, chain, seq, digest,
    )  # fmt: skip
    if taken:
        return None
    last: int = await connection.fetchval(
        "SELECT seq FROM audit_foreign_heads WHERE org_id = $1 AND chain = $2", org_id, chain
    )
    return last
