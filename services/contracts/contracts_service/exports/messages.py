"""Exports as messages of the schema."""

from google.longrunning import operations_pb2
from google.rpc import status_pb2

from bloom.contracts.v1 import export_service_pb2
from contracts_service import names
from contracts_service.exports import store
from contracts_service.exports.model import KEPT, Export
from service_runtime.timestamps import timestamp


def operation(export: Export) -> operations_pb2.Operation:
    """As OperationService gives it."""
    message = operations_pb2.Operation(name=names.operation(export.id), done=export.ended_at is not None)
    message.metadata.Pack(_metadata(export))
    if export.error is not None:
        message.error.CopyFrom(status_pb2.Status.FromString(export.error))
    elif export.state == store.DONE:
        message.response.Pack(_response(export))
    return message


def _metadata(export: Export) -> export_service_pb2.ExportMetadata:
    done = export.state == store.DONE
    # Writing the list of files is the last hundredth.
    percent = 100 if done else 99 * export.written_count // max(1, export.contract_count)
    return export_service_pb2.ExportMetadata(
        export=names.export(export.id),
        state=export.state,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
        progress_percent=percent,
        contract_count=export.contract_count,
        written_count=export.written_count,
        filter=export.filter,
        creator=export.subject,
        create_time=timestamp(export.created_at),
        end_time=timestamp(export.ended_at) if export.ended_at else None,
        trace_id=export.traceparent[3:35],
    )


def _response(export: Export) -> export_service_pb2.ExportResponse:
    return export_service_pb2.ExportResponse(
        export=names.export(export.id),
        contract_count=export.contract_count,
        file_count=export.file_count,
        problem_count=export.problem_count,
        size_bytes=export.size_bytes,
        sha256=export.sha256,
        expire_time=timestamp(export.ended_at + KEPT) if export.ended_at else None,
    )
