"""Exports as a kind of operation."""

from datetime import datetime
from uuid import UUID

from google.longrunning import operations_pb2

from contracts_service import names
from contracts_service.contracts import access
from contracts_service.exports import messages, service, store
from contracts_service.exports.model import Export
from contracts_service.operations.kinds import Listed
from service_runtime.errors import not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


class Exports:
    """An export has the id of its operation."""

    async def get(
        self, connection: Connection, identity: Identity, operation_id: UUID
    ) -> operations_pb2.Operation | None:
        """With its ZIP's hash, when it is done."""
        export = await _seen(connection, identity, operation_id)
        return messages.operation(export) if export else None

    async def page(
        self, connection: Connection, identity: Identity, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Listed]:
        """Those that the caller sees."""
        subject = "" if access.holds_for_all(identity, access.READ) else identity.subject
        found = await store.page(connection, before, limit, subject)
        return [Listed(one.created_at, one.id, messages.operation(one)) for one in found]

    async def cancel(
        self, connection: Connection, identity: Identity, operation_id: UUID
    ) -> operations_pb2.Operation | None:
        """What was written of it is swept."""
        export = await _seen(connection, identity, operation_id)
        return messages.operation(await service.cancel(connection, identity, export)) if export else None


async def _seen(connection: Connection, identity: Identity, operation_id: UUID) -> Export | None:
    """Raises NOT_FOUND where the caller may not know of it."""
    export = await store.get(connection, operation_id)
    if export is not None and not service.sees(identity, export):
        raise not_found(names.operation(operation_id))
    return export
