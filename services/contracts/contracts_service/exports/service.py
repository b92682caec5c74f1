"""The rules of exports: begun, seen, ended, downloaded."""

from datetime import UTC, datetime
from uuid import UUID

import grpc
from google.rpc import status_pb2
from opentelemetry import propagate

from bloom.contracts.v1 import export_service_pb2
from contracts_service import names, queue
from contracts_service.contracts import access
from contracts_service.exports import store
from contracts_service.exports.model import KEPT, Export, Written
from contracts_service.filtering import compile_filter
from service_runtime import audit, outbox
from service_runtime.errors import DomainError, Reason, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection

# In object storage.
FOLDER = "exports"


async def begin(connection: Connection, identity: Identity, filter_text: str) -> Export:
    """The work begins after the commit. Raises FILTER_INVALID."""
    compile_filter(filter_text)
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    export_id, org_id = new_id(), identity.tenant
    await store.insert(
        connection, org_id, export_id, identity.subject, carrier.get("traceparent", ""), filter_text
    )
    await queue.enqueue(connection, queue.Job(org_id, export_id), queue.EXPORT)
    detail: dict[str, str | int | bool] = {"filter": filter_text}
    await audit.record(connection, identity, "contracts.export_started", names.export(export_id), detail)
    return await required(connection, names.export(export_id))


async def contracts(connection: Connection, identity: Identity, filter_text: str) -> list[UUID]:
    """Those that the export will have: the filter's, within the subject's reach."""
    where, arguments = compile_filter(filter_text, 1)
    access.require_held(identity, access.READ)
    reach, of_reach = access.within(identity, 1 + len(arguments))
    return await store.contracts(connection, f"({where}) AND ({reach})", [*arguments, *of_reach])


async def finish(connection: Connection, export: Export, written: Written) -> None:
    """With its ZIP, audited, once."""
    if not await store.finish(connection, export.id, written):
        return
    name, actor = names.export(export.id), Identity(subject=export.subject, org_id=export.org_id)
    detail: dict[str, str | int | bool] = {
        "sha256": written.sha256, "size_bytes": written.size_bytes, "files": written.file_count,
        "problems": written.problem_count,
    }  # fmt: skip
    await audit.record(connection, actor, "contracts.exported", name, detail)
    await outbox.append(connection, export.org_id, "contracts.exported", {"export": name})


async def required(connection: Connection, name: str) -> Export:
    """Raises NOT_FOUND."""
    found = await store.get(connection, names.id_of(name))
    if found is None:
        raise not_found(name)
    return found


def sees(identity: Identity, export: Export) -> bool:
    """Whoever may read all contracts, and whoever asked for it."""
    return access.holds_for_all(identity, access.READ) or export.subject == identity.subject


async def cancel(connection: Connection, identity: Identity, export: Export) -> Export:
    """Its worker notices before the next contract."""
    error = status_pb2.Status(
        code=grpc.StatusCode.CANCELLED.value[0], message=f"Cancelled by {identity.subject}."
    ).SerializeToString()
    name = names.export(export.id)
    if await store.end(connection, export.id, export_service_pb2.EXPORT_STATE_CANCELLED, error):
        await audit.record(connection, identity, "contracts.export_cancelled", name)
    return await required(connection, name)


async def downloadable(connection: Connection, identity: Identity, name: str) -> Export:
    """Told to the audit chain. Raises NOT_FOUND, EXPORT_NOT_READY."""
    export = await required(connection, name)
    if not sees(identity, export):
        raise not_found(name)
    if export.state != store.DONE or export.ended_at is None:
        raise _not_ready(name, "The export is not finished. Wait for its operation, or ask for a new one.")
    if export.ended_at + KEPT < datetime.now(UTC):
        raise _not_ready(name, "The export's file was kept for a day, and is gone. Ask for a new one.")
    await audit.record(connection, identity, "contracts.export_downloaded", name)
    return export


def _not_ready(name: str, message: str) -> DomainError:
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION, Reason.ERROR_REASON_EXPORT_NOT_READY, message, {"name": name}
    )
