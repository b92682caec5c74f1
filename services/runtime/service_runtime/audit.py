"""The audit chain: who did what to which resource, hash-chained for each organization.

h_n = SHA-256(h_{n-1} ‖ canonical(event)), with 32 zero bytes before the first. A row that is changed,
removed or inserted later breaks every hash after it.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from service_runtime.identity import Identity
from service_runtime.postgres import Connection
from service_runtime.telemetry import trace_id

GENESIS = bytes(32)


async def record(
    connection: Connection,
    identity: Identity,
    action: str,
    resource: str,
    detail: Mapping[str, str | int | bool] | None = None,
    *,
    org_id: UUID | None = None,
) -> None:
    """Adds one event to the organization's chain, in the caller's transaction. Never give it secrets."""
    organization = org_id or identity.tenant
    # The row lock on the head makes the chain a chain: writers of one organization take turns.
    head = await connection.fetchrow(
        """INSERT INTO audit_heads AS head (org_id, seq, hash) VALUES ($1, 0, $2)
           ON CONFLICT (org_id) DO UPDATE SET seq = head.seq RETURNING seq, hash""",
        organization, GENESIS,
    )  # fmt: skip
    if head is None:
        raise RuntimeError("the audit head cannot be written in this transaction")
    seq, at = head["seq"] + 1, datetime.now(UTC)
    event = {
        "seq": seq, "at": at.isoformat(), "org": str(organization), "actor": identity.subject,
        "workload": identity.workload, "action": action, "resource": resource, "detail": dict(detail or {}),
        "trace_id": trace_id(),
    }  # fmt: skip
    body = canonical(event)
    digest = chained(head["hash"], body)
    await connection.execute(
        "INSERT INTO audit_events (org_id, seq, at, event, hash) VALUES ($1, $2, $3, $4, $5)",
        organization, seq, at, body.decode(), digest,
    )  # fmt: skip
    await connection.execute(
        "UPDATE audit_heads SET seq = $2, hash = $3 WHERE org_id = $1", organization, seq, digest
    )


def canonical(event: Mapping[str, object]) -> bytes:
    """The bytes that are hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fingerprint(content: Mapping[str, object]) -> str:
    """SHA-256 in hex of what an event tells of: shown to be unchanged, and not written into the chain."""
    return hashlib.sha256(canonical(content)).hexdigest()


def chained(previous: bytes, body: bytes) -> bytes:
    """The next hash of the chain."""
    return hashlib.sha256(previous + body).digest()
