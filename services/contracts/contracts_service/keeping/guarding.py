"""What keeps a contract from being deleted."""

from datetime import UTC, date
from uuid import UUID

import grpc

from contracts_service import names
from contracts_service.keeping import store
from contracts_service.keeping.model import Keeping
from service_runtime.errors import DomainError, Reason
from service_runtime.postgres import Connection, Reads


async def keeping_of(reads: Reads, contract_id: UUID) -> Keeping:
    """Its class, until when, and the holds upon it."""
    of, until = None, None
    if found := await store.retention(reads, contract_id):
        of, created_at, expiration = found
        until = of.until(created_at.astimezone(UTC).date(), expiration) if of else None
    return Keeping(contract_id, of, until, tuple(await store.placed(reads, contract_id)))


async def require_deletable(connection: Connection, contract_id: UUID, today: date) -> None:
    """Raises LEGAL_HOLD, RETENTION. The caller holds the contract."""
    kept = await keeping_of(connection, contract_id)
    holding = [names.hold(one.hold_id) for one in kept.holds if one.lifted_at is None]
    if holding:
        raise DomainError(
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.ERROR_REASON_LEGAL_HOLD,
            f"A legal hold keeps the contract: {', '.join(holding)}. It can be deleted when it is lifted.",
            {"holds": ",".join(holding)},
        )
    if kept.retention_class is None or (kept.until and kept.until <= today):
        return
    until = kept.until.isoformat() if kept.until else ""
    told = (
        f"Its class keeps it until {until}."
        if until
        else "Its class keeps it for years after its expiration, which is unknown. Correct `expiration_date`."
    )
    raise DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_RETENTION,
        told,
        {"retention_class": names.retention_class(kept.retention_class.id), "until": until},
    )
