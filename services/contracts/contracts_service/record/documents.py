"""The files of a contract, one after the other."""

from uuid import UUID

from contracts_service.record import store
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


async def add(
    connection: Connection, identity: Identity, contract_id: UUID, document_id: UUID, reason: str
) -> None:
    """The next file of a contract that the caller holds."""
    await store.add_document(connection, identity.tenant, contract_id, document_id, identity.subject, reason)
