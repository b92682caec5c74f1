"""Imports as a kind of operation."""

from datetime import datetime
from uuid import UUID

from google.longrunning import operations_pb2

from contracts_service import names
from contracts_service.contracts import access
from contracts_service.imports import messages, service, store
from contracts_service.imports.model import Analyses, Import
from contracts_service.operations.kinds import Listed
from service_runtime.errors import not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


class Imports:
    """An import has the id of its operation."""

    async def get(
        self, connection: Connection, identity: Identity, operation_id: UUID
    ) -> operations_pb2.Operation | None:
        """With the state of its analyses."""
        one = await _seen(connection, identity, access.READ, operation_id)
        return await _message(connection, one) if one else None

    async def page(
        self, connection: Connection, identity: Identity, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Listed]:
        """Without the state of their analyses."""
        found = await service.page(connection, identity, before, limit)
        return [Listed(one.created_at, one.id, messages.operation(one, Analyses())) for one in found]

    async def cancel(
        self, connection: Connection, identity: Identity, operation_id: UUID
    ) -> operations_pb2.Operation | None:
        """What came in stays."""
        one = await _seen(connection, identity, access.ANALYZE, operation_id)
        return await _message(connection, await service.cancel(connection, identity, one)) if one else None


async def _seen(
    connection: Connection, identity: Identity, permission: str, operation_id: UUID
) -> Import | None:
    """Raises NOT_FOUND where the caller may not know of it."""
    one = await store.get(connection, operation_id)
    if one is not None and not service.sees(identity, permission, one):
        raise not_found(names.operation(operation_id))
    return one


async def _message(connection: Connection, one: Import) -> operations_pb2.Operation:
    return messages.operation(one, await store.analyses(connection, one.id))
