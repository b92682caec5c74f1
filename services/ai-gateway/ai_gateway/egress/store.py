"""Rows of `egress_records`."""

from ai_gateway.egress.record import Egress, Ending
from service_runtime.postgres import Connection


async def add(connection: Connection, egress: Egress) -> None:
    """Before the call."""
    purpose = egress.purpose
    await connection.execute(
        """INSERT INTO egress_records (org_id, id, request_id, workload, subject, task, model, destination,
                                       path, request_sha256, request_bytes, trace_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        egress.org_id, egress.id, purpose.request_id, purpose.caller.workload, purpose.caller.subject,
        purpose.task, purpose.model, egress.destination, egress.path, egress.sha256, egress.size,
        egress.trace_id,
    )  # fmt: skip


async def end(connection: Connection, egress: Egress, ending: Ending) -> bool:
    """After the call; False when its end was already told."""
    told = await connection.fetchval(
        """UPDATE egress_records SET outcome = $3, ended_at = now(), upstream_request_id = $4, simulated = $5
           WHERE org_id = $1 AND id = $2 AND outcome IS NULL RETURNING true""",
        egress.org_id, egress.id, ending.outcome, ending.upstream_request_id or None, ending.simulated,
    )  # fmt: skip
    return bool(told)
