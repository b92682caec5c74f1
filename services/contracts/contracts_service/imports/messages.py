"""Imports and their files as messages of the schema."""

import grpc
from google.longrunning import operations_pb2
from google.rpc import status_pb2

from bloom.contracts.v1 import import_service_pb2
from contracts_service import names
from contracts_service.imports.model import Analyses, Counts, Import, ImportFile
from service_runtime.timestamps import timestamp


def operation(one: Import, analyses: Analyses) -> operations_pb2.Operation:
    """As OperationService gives it."""
    message = operations_pb2.Operation(name=names.operation(one.id), done=one.ended_at is not None)
    message.metadata.Pack(_metadata(one, analyses))
    if one.state == import_service_pb2.IMPORT_STATE_CANCELLED:
        text = "The import was cancelled. What had come in by then stays."
        message.error.CopyFrom(status_pb2.Status(code=grpc.StatusCode.CANCELLED.value[0], message=text))
    elif one.ended_at is not None:
        message.response.Pack(import_service_pb2.ImportResponse(counts=_counts(one.counts)))
    return message


def file(import_: Import, one: ImportFile) -> import_service_pb2.ImportFile:
    """One file with what became of it."""
    return import_service_pb2.ImportFile(
        name=names.import_file(import_.id, one.number),
        path=one.path,
        size_bytes=one.place.size_bytes,
        state=one.state,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
        reason=one.reason,
        message=one.message,
        contract=names.contract(one.contract_id) if one.contract_id else "",
        sha256=one.sha256,
        analysis=names.operation(one.operation_id) if one.operation_id else "",
    )


def _metadata(one: Import, analyses: Analyses) -> import_service_pb2.ImportMetadata:
    return import_service_pb2.ImportMetadata(
        **{"import": names.import_(one.id)},
        state=one.state,  # type: ignore[arg-type]
        progress_percent=100 * one.counts.ended // max(1, one.counts.total),
        counts=_counts(one.counts),
        source=one.source,
        analysis=one.analysis,  # type: ignore[arg-type]
        analyses=import_service_pb2.ImportAnalyses(
            requested=analyses.requested,
            done=analyses.done,
            failed=analyses.failed,
            cost_micro_usd=analyses.cost_micro_usd,
        ),
        creator=one.subject,
        create_time=timestamp(one.created_at),
        end_time=timestamp(one.ended_at) if one.ended_at else None,
        trace_id=one.traceparent.split("-")[1] if one.traceparent else "",
    )


def _counts(counts: Counts) -> import_service_pb2.ImportCounts:
    return import_service_pb2.ImportCounts(
        total=counts.total,
        imported=counts.imported,
        duplicate=counts.duplicate,
        failed=counts.failed,
        skipped=counts.skipped,
    )
