"""LifeService over gRPC: one method for each move."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

import grpc

from bloom.contracts.v1 import contract_pb2, life_service_pb2_grpc
from contracts_service import messages
from contracts_service.life import service
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


class _Asked(Protocol):
    name: str
    reason: str
    etag: str


@dataclass(frozen=True, slots=True)
class LifeHandlers(life_service_pb2_grpc.LifeServiceServicer):
    """The methods of `bloom.contracts.v1.LifeService`."""

    postgres: Postgres

    def SubmitContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("submitted", request)

    def ReturnContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("returned", request)

    def ApproveContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("approved", request)

    def SendContractForSignature(  # noqa: N802
        self, request: Any, context: Context
    ) -> Awaitable[contract_pb2.Contract]:
        return self._move("sent", request)

    def ActivateContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("activated", request)

    def SuspendContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("suspended", request)

    def ResumeContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("resumed", request)

    def ExpireContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("expired", request)

    def TerminateContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("terminated", request)

    def CancelContract(self, request: Any, context: Context) -> Awaitable[contract_pb2.Contract]:  # noqa: N802
        return self._move("cancelled", request)

    async def _move(self, action: str, request: _Asked) -> contract_pb2.Contract:
        moved = await service.move(
            self.postgres,
            current_identity.get(),
            action,
            request.name,
            reason=request.reason,
            etag=request.etag,
        )
        return messages.contract(moved)
