"""The rules of analyses as operations: found, cancelled."""

import grpc
from google.rpc import status_pb2

from bloom.contracts.v1 import contract_pb2
from contracts_service import names
from contracts_service.contracts import access
from contracts_service.contracts import store as contracts
from contracts_service.operations import store
from contracts_service.operations.model import Operation
from service_runtime import audit
from service_runtime.errors import not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


async def get(connection: Connection, name: str) -> Operation:
    """Raises NOT_FOUND."""
    operation = await store.get(connection, names.id_of(name))
    if operation is None:
        raise not_found(name)
    return operation


async def permitted(connection: Connection, identity: Identity, permission: str, name: str) -> Operation:
    """As far as the caller's permission holds for its contract. Raises NOT_FOUND, CONDITION_FORBIDS."""
    operation = await get(connection, name)
    await access.require_of(connection, identity, permission, operation.contract_id, name)
    return operation


async def cancel(connection: Connection, identity: Identity, name: str) -> Operation:
    """Ends the operation unless it has ended; its worker notices before it publishes.

    Raises NOT_FOUND, CONDITION_FORBIDS.
    """
    error = status_pb2.Status(
        code=grpc.StatusCode.CANCELLED.value[0], message=f"Cancelled by {identity.subject}."
    ).SerializeToString()
    operation = await permitted(connection, identity, access.ANALYZE, name)
    if await store.end(connection, operation.id, contract_pb2.ANALYSIS_STATE_CANCELLED, error):
        await contracts.set_analysis_state(
            connection, operation.contract_id, contract_pb2.ANALYSIS_STATE_CANCELLED
        )
        await audit.record(connection, identity, "operation.cancelled", name)
    return await get(connection, name)
