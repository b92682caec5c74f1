"""Puts the service together from its settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from bloom.ai.v1 import ai_service_pb2_grpc
from bloom.contracts.v1 import (
    contract_service_pb2_grpc,
    contradiction_service_pb2_grpc,
    export_service_pb2_grpc,
    family_service_pb2_grpc,
    grid_service_pb2_grpc,
    history_service_pb2_grpc,
    import_service_pb2_grpc,
    keeping_service_pb2_grpc,
    life_service_pb2_grpc,
    operation_service_pb2_grpc,
    reading_service_pb2_grpc,
    record_service_pb2_grpc,
    saved_view_service_pb2_grpc,
)
from contracts_service.contracts.handlers import ContractHandlers
from contracts_service.contracts.intake import Intake
from contracts_service.contradictions.handlers import ContradictionHandlers
from contracts_service.documents.objects import Objects
from contracts_service.exports.handlers import ExportHandlers
from contracts_service.exports.operations import Exports
from contracts_service.family.handlers import FamilyHandlers
from contracts_service.grid.handlers import GridHandlers
from contracts_service.history.handlers import HistoryHandlers
from contracts_service.history.signing import RemoteSigner
from contracts_service.imports.handlers import ImportHandlers
from contracts_service.imports.operations import Imports
from contracts_service.imports.sources import Bounds
from contracts_service.keeping.handlers import KeepingHandlers
from contracts_service.life.handlers import LifeHandlers
from contracts_service.operations.analyses import Analyses
from contracts_service.operations.handlers import OperationHandlers
from contracts_service.questions.service import Questions
from contracts_service.reading.handlers import ReadingHandlers, Terms
from contracts_service.record.handlers import RecordHandlers
from contracts_service.saved.handlers import SavedViewHandlers
from contracts_service.settings import ContractsSettings
from service_runtime.auditing.heads import SignedHeads
from service_runtime.clients import RemoteKeys, WorkloadTokens, connect
from service_runtime.identity import KeySource, TokenVerifier
from service_runtime.postgres import Postgres
from service_runtime.revocation import following
from service_runtime.server import Parts

SERVICES = tuple(
    f"bloom.contracts.v1.{name}Service"
    for name in (
        "Contract",
        "Operation",
        "Record",
        "Life",
        "Grid",
        "Reading",
        "SavedView",
        "Family",
        "History",
        "Keeping",
        "Contradiction",
        "Import",
        "Export",
    )
)
# An upload over a slow line and a streamed answer may take longer than a usual call.
_MAX_CALL_SECONDS = 300.0


@asynccontextmanager
async def application(settings: ContractsSettings, *, keys: KeySource | None = None) -> AsyncIterator[Parts]:
    """Opens PostgreSQL, storage, auth and the AI gateway. `keys` stands in for auth's own where given."""
    async with AsyncExitStack() as stack:
        auth = await stack.enter_async_context(
            connect(settings.auth_address, "bloom.auth.v1.AuthService", "bloom.auth.v1.TokenService")
        )
        secret = settings.workload_client_secret
        workload = WorkloadTokens(auth, settings.workload_client_id, secret.get_secret_value)
        ai_channel = await stack.enter_async_context(
            connect(settings.ai_gateway_address, "bloom.ai.v1.AiService", workload=workload)
        )
        postgres = await Postgres.connect(str(settings.database_url), size=settings.database_pool_size)
        stack.push_async_callback(postgres.close)
        objects = Objects.open(settings.object_store_url)
        intake = Intake(postgres, objects, settings.max_upload_bytes)
        ai = ai_service_pb2_grpc.AiServiceStub(ai_channel)
        contracts = ContractHandlers(
            postgres=postgres,
            objects=objects,
            intake=intake,
            questions=Questions(postgres, ai),
            standard_uses=settings.analysis_standard_uses,
        )
        operations = OperationHandlers(postgres, (Analyses(), Imports(), Exports()))
        exports = ExportHandlers(postgres, objects)
        records, imports = (
            RecordHandlers(postgres, intake),
            ImportHandlers(postgres, objects, _bounds(settings)),
        )
        life, grid, saved = LifeHandlers(postgres), GridHandlers(postgres), SavedViewHandlers(postgres)
        family, keeping = FamilyHandlers(postgres), KeepingHandlers(postgres)
        signing = await stack.enter_async_context(
            connect(settings.auth_address, "bloom.auth.v1.AuditService", workload=workload)
        )
        history = HistoryHandlers(postgres, SignedHeads(postgres, RemoteSigner(signing)))
        contradictions = ContradictionHandlers(postgres)
        reading = ReadingHandlers(postgres, ai, _terms(settings))

        def register(server: grpc.aio.Server) -> None:
            contract_service_pb2_grpc.add_ContractServiceServicer_to_server(contracts, server)
            operation_service_pb2_grpc.add_OperationServiceServicer_to_server(operations, server)
            record_service_pb2_grpc.add_RecordServiceServicer_to_server(records, server)
            life_service_pb2_grpc.add_LifeServiceServicer_to_server(life, server)
            grid_service_pb2_grpc.add_GridServiceServicer_to_server(grid, server)
            saved_view_service_pb2_grpc.add_SavedViewServiceServicer_to_server(saved, server)
            family_service_pb2_grpc.add_FamilyServiceServicer_to_server(family, server)
            keeping_service_pb2_grpc.add_KeepingServiceServicer_to_server(keeping, server)
            history_service_pb2_grpc.add_HistoryServiceServicer_to_server(history, server)
            contradiction_service_pb2_grpc.add_ContradictionServiceServicer_to_server(contradictions, server)
            export_service_pb2_grpc.add_ExportServiceServicer_to_server(exports, server)
            import_service_pb2_grpc.add_ImportServiceServicer_to_server(imports, server)
            reading_service_pb2_grpc.add_ReadingServiceServicer_to_server(reading, server)

        revocations = await stack.enter_async_context(following(settings.redis_url))
        verifier = TokenVerifier(keys or RemoteKeys(auth), revocations)
        yield Parts(SERVICES, register, verifier, max_call_seconds=_MAX_CALL_SECONDS)


def _terms(settings: ContractsSettings) -> Terms:
    return Terms(
        settings.analysis_standard_uses, settings.analysis_request_tokens, settings.analysis_parallel_groups
    )


def _bounds(settings: ContractsSettings) -> Bounds:
    return Bounds(
        settings.import_archive_bytes,
        settings.import_unfolded_bytes,
        settings.import_files,
        settings.max_upload_bytes,
    )
