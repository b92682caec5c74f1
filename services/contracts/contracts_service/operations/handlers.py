"""OperationService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.longrunning import operations_pb2

from bloom.contracts.v1 import operation_service_pb2, operation_service_pb2_grpc
from contracts_service import messages
from contracts_service.contracts import access
from contracts_service.contracts import store as contracts
from contracts_service.operations import service
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class OperationHandlers(operation_service_pb2_grpc.OperationServiceServicer):
    """The methods of `bloom.contracts.v1.OperationService`."""

    postgres: Postgres

    async def GetOperation(  # noqa: N802
        self, request: operation_service_pb2.GetOperationRequest, context: Context
    ) -> operations_pb2.Operation:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            operation = await service.permitted(connection, identity, access.READ, request.name)
            finished = None
            if operation.ended_at is not None and operation.error is None:
                finished = await contracts.get(connection, operation.contract_id)
        return messages.operation(operation, finished)

    async def ListOperations(  # noqa: N802
        self, request: operation_service_pb2.ListOperationsRequest, context: Context
    ) -> operation_service_pb2.ListOperationsResponse:
        found, next_token = await service.page(
            self.postgres, current_identity.get(), size=request.page_size, token=request.page_token
        )
        return operation_service_pb2.ListOperationsResponse(
            operations=[messages.operation(item) for item in found], next_page_token=next_token
        )

    async def CancelOperation(  # noqa: N802
        self, request: operation_service_pb2.CancelOperationRequest, context: Context
    ) -> operations_pb2.Operation:
        return messages.operation(await service.cancel(self.postgres, current_identity.get(), request.name))
