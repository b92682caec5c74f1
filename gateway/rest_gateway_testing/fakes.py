# ruff: noqa: N802  gRPC names the methods
"""Services that stand behind the gateway in its tests: real servers whose answers show what arrived."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.longrunning.operations_pb2 import Operation
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health, health_pb2_grpc
from joserfc.jwk import ECKey

from bloom.ai.v1 import ai_service_pb2 as ai
from bloom.ai.v1 import ai_service_pb2_grpc as ai_grpc
from bloom.auth.v1 import auth_pb2
from bloom.auth.v1 import auth_service_pb2 as auth
from bloom.auth.v1 import auth_service_pb2_grpc as auth_grpc
from bloom.auth.v1 import directory_service_pb2 as directory
from bloom.auth.v1 import directory_service_pb2_grpc as directory_grpc
from bloom.contracts.v1 import contract_pb2
from bloom.contracts.v1 import contract_service_pb2 as contracts
from bloom.contracts.v1 import contract_service_pb2_grpc as contracts_grpc
from bloom.contracts.v1 import operation_service_pb2 as operations
from bloom.contracts.v1 import operation_service_pb2_grpc as operations_grpc

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

# At run time what a fake leaves out answers UNIMPLEMENTED; to the type checker the bases are abstract.
if TYPE_CHECKING:
    AuthBase: TypeAlias = object
    DirectoryBase: TypeAlias = object
    ContractsBase: TypeAlias = object
    OperationsBase: TypeAlias = object
    AiBase: TypeAlias = object
else:
    AuthBase = auth_grpc.AuthServiceServicer
    DirectoryBase = directory_grpc.DirectoryServiceServicer
    ContractsBase = contracts_grpc.ContractServiceServicer
    OperationsBase = operations_grpc.OperationServiceServicer
    AiBase = ai_grpc.AiServiceServicer

SIGNED_IN = "header.claims.signature"
ZERO = "00000000-0000-0000-0000-00000000"
MISSING, BUSY, SLOW, BARE = f"{ZERO}0404", f"{ZERO}0429", f"{ZERO}0504", f"{ZERO}0401"


def metadata_of(context: Context) -> str:
    return json.dumps({str(key): str(value) for key, value in context.invocation_metadata() or ()})


async def refuse(context: Context, code: grpc.StatusCode, reason: str, retry: int = 0) -> None:
    status = Status(code=code.value[0], message=f"refused: {reason}")
    status.details.add().Pack(ErrorInfo(domain="bloom", reason=reason, metadata={"name": "it"}))
    if retry:
        status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=retry)))
    trailing = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(code, status.message, trailing_metadata=trailing)


class FakeAuth(AuthBase):
    def __init__(self, keys: list[ECKey]) -> None:
        self.keys = keys

    async def GetJwks(self, request: auth.GetJwksRequest, context: Context) -> HttpBody:
        body = json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        return HttpBody(content_type="application/json", data=body)

    async def Login(self, request: auth.LoginRequest, context: Context) -> auth.LoginResponse:
        if request.password == "wrong":  # noqa: S105
            await refuse(context, grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
        user = auth_pb2.User(name=f"users/{ZERO}0001", email=request.email)
        return auth.LoginResponse(
            tokens=auth_pb2.TokenPair(access_token=SIGNED_IN, expires_in=600), user=user
        )

    async def GetMe(self, request: auth.GetMeRequest, context: Context) -> auth.GetMeResponse:
        return auth.GetMeResponse(subject=f"users/{ZERO}0001", display_name=metadata_of(context))


class FakeDirectory(DirectoryBase):
    async def DeleteServiceAccount(
        self, request: directory.DeleteServiceAccountRequest, context: Context
    ) -> Empty:
        return Empty()

    async def CreateServiceAccount(
        self, request: directory.CreateServiceAccountRequest, context: Context
    ) -> directory.CreateServiceAccountResponse:
        account = auth_pb2.ServiceAccount(display_name=request.display_name, roles=request.roles)
        return directory.CreateServiceAccountResponse(service_account=account)


class FakeContracts(ContractsBase):
    def __init__(self) -> None:
        self.first_piece = asyncio.Event()
        self.next_event = asyncio.Event()
        self.seconds_left: float | None = None

    async def GetContract(
        self, request: contracts.GetContractRequest, context: Context
    ) -> contract_pb2.Contract:
        self.seconds_left = context.time_remaining()
        key = request.name.removeprefix("contracts/")
        if key == MISSING:
            await refuse(context, grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
        if key == BUSY:
            await refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry=7)
        if key == BARE:
            await context.abort(grpc.StatusCode.ABORTED, "bare words")
        if key == SLOW:
            await asyncio.Event().wait()
        return contract_pb2.Contract(
            name=request.name, label=metadata_of(context), office=contract_pb2.OFFICE_HQ
        )

    async def ListContracts(
        self, request: contracts.ListContractsRequest, context: Context
    ) -> contracts.ListContractsResponse:
        listed = [contract_pb2.Contract(name=f"contracts/{request.page_size}", label=request.filter)]
        return contracts.ListContractsResponse(contracts=listed)

    async def ListPages(
        self, request: contracts.ListPagesRequest, context: Context
    ) -> contracts.ListPagesResponse:
        return contracts.ListPagesResponse(pages=[contracts.Page(number=1, text="x" * 3_000_000)])

    async def UpdateContract(
        self, request: contracts.UpdateContractRequest, context: Context
    ) -> contract_pb2.Contract:
        paths = ",".join(request.update_mask.paths)
        return contract_pb2.Contract(
            name=request.contract.name, label=request.contract.label, reference_no=paths
        )

    async def UploadContract(
        self, request_iterator: AsyncIterator[contracts.UploadContractRequest], context: Context
    ) -> contracts.UploadContractResponse:
        pieces, size, first = 0, 0, contracts.UploadContractRequest()
        async for piece in request_iterator:
            first = piece if pieces == 0 else first
            pieces, size = pieces + 1, size + len(piece.content.data)
            self.first_piece.set()
        tags = [first.label, first.reference_no, first.content.content_type, str(pieces), str(size)]
        return contracts.UploadContractResponse(
            contract=contract_pb2.Contract(label=first.filename, tags=tags)
        )

    async def AnalyzeContract(self, request: contracts.AnalyzeContractRequest, context: Context) -> Operation:
        operation = Operation(name=f"operations/{ZERO}0001")
        operation.metadata.Pack(contracts.AnalyzeContractMetadata(contract=request.name, progress_percent=5))
        return operation

    async def AskContract(
        self, request: contracts.AskContractRequest, context: Context
    ) -> AsyncIterator[contracts.AskContractResponse]:
        if request.question == "refuse me":
            await refuse(context, grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
        for number in (1, 2):
            self.next_event.clear()
            yield contracts.AskContractResponse(sentence=contracts.AnswerSentence(text=f"sentence {number}"))
            await self.next_event.wait()
        yield contracts.AskContractResponse(summary=contracts.AnswerSummary(sentence_count=2))

    async def DownloadDocument(
        self, request: contracts.DownloadDocumentRequest, context: Context
    ) -> AsyncIterator[HttpBody]:
        for piece in (b"%PDF-", b"one ", b"two"):
            yield HttpBody(content_type="application/pdf", data=piece)


class FakeOperations(OperationsBase):
    async def CancelOperation(
        self, request: operations.CancelOperationRequest, context: Context
    ) -> Operation:
        return Operation(name=request.name, done=True)


class FakeAi(AiBase):
    async def Generate(self, request: ai.GenerateRequest, context: Context) -> ai.GenerateResponse:
        return ai.GenerateResponse(text=request.prompt.task)


def server_of(address: str, *services: object) -> grpc.aio.Server:
    """A started-to-be server of those fakes and the health service."""
    add: dict[type, Callable[..., None]] = {
        FakeAuth: auth_grpc.add_AuthServiceServicer_to_server,
        FakeDirectory: directory_grpc.add_DirectoryServiceServicer_to_server,
        FakeContracts: contracts_grpc.add_ContractServiceServicer_to_server,
        FakeOperations: operations_grpc.add_OperationServiceServicer_to_server,
        FakeAi: ai_grpc.add_AiServiceServicer_to_server,
    }
    server = grpc.aio.server()
    for service in services:
        add[type(service)](service, server)
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    server.add_insecure_port(address)
    return server
