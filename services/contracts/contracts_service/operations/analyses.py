"""Analyses as a kind of operation."""

from datetime import datetime
from uuid import UUID

from google.longrunning import operations_pb2

from contracts_service import messages, names
from contracts_service.contracts import access
from contracts_service.contracts import store as contracts
from contracts_service.operations import service, store
from contracts_service.operations.kinds import Listed
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


class Analyses:
    """Each belongs to a contract, and is seen with it."""

    async def get(
        self, connection: Connection, identity: Identity, operation_id: UUID
    ) -> operations_pb2.Operation | None:
        """With the contract as it is now, when it is done."""
        if await store.get(connection, operation_id) is None:
            return None
        operation = await service.permitted(connection, identity, access.READ, names.operation(operation_id))
        finished = None
        if operation.ended_at is not None and operation.error is None:
            finished = await contracts.get(connection, operation.contract_id)
        return messages.operation(operation, finished)

    async def page(
        self, connection: Connection, identity: Identity, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Listed]:
        """Of contracts within reach."""
        reach, of_reach = access.within(identity, store.FIRST_ARGUMENT)
        found = await store.page(connection, before, limit, reach, of_reach)
        return [Listed(one.created_at, one.id, messages.operation(one)) for one in found]

    async def cancel(
        self, connection: Connection, identity: Identity, operation_id: UUID
    ) -> operations_pb2.Operation | None:
        """Its worker notices before it publishes."""
        if await store.get(connection, operation_id) is None:
            return None
        return messages.operation(await service.cancel(connection, identity, names.operation(operation_id)))
